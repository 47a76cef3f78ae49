/** What a training did, in words: beside the curves and numbers, which the lessons explain. */
export default {
  chart_title: 'The training, step by step',
  chart_step: 'step',
  chart_loss: 'loss (how surprised the brain was)',
  chart_grad_norm: 'gradient norm (how much it wanted to change)',
  chart_learning_rate: 'learning rate (how big a step it took)',
  times_more_than: 'more than {{number}}',
  push_reply_pushed_away: 'The rated reply is now {{times}} times less likely than before.',
  push_reply_pulled_closer:
    'Careful: the rated reply is now {{times}} times as likely as before. The classic recipe learns from everything that was said, bad replies too, so it can push the wrong way.',
  push_reply_unchanged: 'The rated reply is about as likely as before.',
  push_correction_pulled_closer: 'The better answer is now {{times}} times as likely as before.',
  push_correction_pushed_away: 'Careful: the better answer is now {{times}} times less likely.',
  push_correction_unchanged: 'The better answer is about as likely as before.',
  push_answer_same: 'Asked again with the same luck, the brain answers the same as before.',
  push_answer_changed: 'Asked again with the same luck, the brain now answers something else.',
  note_text_cut:
    'The text was longer than the brain can read at once ({{kept}} tokens): the oldest {{cut}} tokens were left out.',
  note_stopped_early: 'Stopped after step {{steps}} of {{total}}; what it had learned is kept.',
} as const;
