/** The words on the curves of a training. */
export default {
  chart_title: 'The training, step by step',
  chart_step: 'step',
  chart_loss: 'loss (how surprised the brain was)',
  chart_grad_norm: 'gradient norm (how much it wanted to change)',
  chart_learning_rate: 'learning rate (how big a step it took)',
} as const;
