import type { Section } from '../catalogue.ts';
import type en from '../en/training.ts';

export default {
  chart_title: 'O treino, passo a passo',
  chart_step: 'passo',
  chart_loss: 'loss (o quanto o cérebro se surpreendeu)',
  chart_grad_norm: 'norma do gradiente (o quanto ele queria mudar)',
  chart_learning_rate: 'taxa de aprendizado (o tamanho do passo)',
  times_more_than: 'mais de {{number}}',
  push_reply_pushed_away: 'A resposta avaliada agora é {{times}} vezes menos provável do que antes.',
  push_reply_pulled_closer:
    'Atenção: a resposta avaliada agora é {{times}} vezes mais provável do que antes. A receita clássica aprende com tudo o que foi dito, até com as respostas ruins, então pode empurrar para o lado errado.',
  push_reply_unchanged: 'A resposta avaliada continua quase tão provável quanto antes.',
  push_correction_pulled_closer: 'A resposta melhor agora é {{times}} vezes mais provável do que antes.',
  push_correction_pushed_away: 'Atenção: a resposta melhor agora é {{times}} vezes menos provável.',
  push_correction_unchanged: 'A resposta melhor continua quase tão provável quanto antes.',
  push_answer_same: 'Perguntado de novo, com a mesma sorte, o cérebro responde o mesmo que antes.',
  push_answer_changed: 'Perguntado de novo, com a mesma sorte, o cérebro agora responde outra coisa.',
  note_text_cut:
    'O texto era maior do que o cérebro consegue ler de uma vez ({{kept}} tokens): os {{cut}} tokens mais antigos ficaram de fora.',
  note_stopped_early: 'Parou depois do passo {{steps}} de {{total}}; o que já tinha aprendido foi guardado.',
} as const satisfies Section<typeof en>;
