import type { Section } from '../catalogue.ts';
import type en from '../en/setup.ts';

export default {
  local_open: `
  A sala de aula está aberta.

    No navegador             {{url}}
    Código de entrada        {{joinCode}}
    Código de quem dá aula   {{teacherCode}}   (guarde só para você)

  Tudo fica neste computador. Ctrl+C fecha a sala; o que foi dito e aprendido fica guardado.
`,
  local_lan: '  Nos outros computadores desta rede: {{url}}\n',
  discord_open: 'O bot está conectado ao Discord. Ctrl+C encerra; o que foi dito e aprendido fica guardado.',
  downloading: 'Baixando {{model}} do hub: {{percent}} % de {{size}} MB',
  stopping: 'Fechando. O que estiver em treino é guardado antes…',
} as const satisfies Section<typeof en>;
