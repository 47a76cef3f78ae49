import type { Section } from '../catalogue.ts';
import type en from '../en/errors.ts';

export default {
  // common
  file_missing: '{{path}} não está lá. Confira o caminho e tente de novo.',
  // start
  flag_unknown: '{{flag}} não é uma opção. A única é --lan, que deixa entrar os outros computadores da sua rede.',
  setting_wrong: 'Não dá para ler a configuração {{key}} ({{problem}}). Corrija no arquivo .env; o .env.example explica cada uma.',
  data_folder_unwritable: 'Não é possível gravar em {{folder}}. Escolha outra pasta com DATA_FOLDER ou mude as permissões dela.',
  platform_unsupported: 'Este computador ({{platform}}) não tem o onnxruntime que roda o cérebro. Estes têm: {{supported}} (Linux com glibc).',
  memory_too_small: 'Este computador tem {{have}} MB de memória; o cérebro e o treinador precisam de {{need}} MB.',
  disk_too_small: 'Só há {{have}} MB livres no disco da pasta de dados; são precisos {{need}} MB. Libere espaço ou mude DATA_FOLDER.',
} as const satisfies Section<typeof en>;
