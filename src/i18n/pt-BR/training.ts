import type { Section } from '../catalogue.ts';
import type en from '../en/training.ts';

export default {
  chart_title: 'O treino, passo a passo',
  chart_step: 'passo',
  chart_loss: 'loss (o quanto o cérebro se surpreendeu)',
  chart_grad_norm: 'norma do gradiente (o quanto ele queria mudar)',
  chart_learning_rate: 'taxa de aprendizado (o tamanho do passo)',
} as const satisfies Section<typeof en>;
