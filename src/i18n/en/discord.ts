/**
 * Messages, buttons and forms of the front door. Numbers arrive already written in the reader's way; beside a text with
 * {{count}} stands, as KEY_one, how it is said of one.
 */
export default {
  // words used in many places
  somebody: 'Somebody',
  no_words: '(no words)',
  more: '… {{count}} more',
  by_version: '{{model}} v{{version}}',
  recipe_classic: 'classic',
  recipe_guided: 'guided',
  recipe_preference: 'preference',
  recipe_reward: 'reward',
  reward_source_rating: 'ratings',
  reward_source_table: 'token table',
  method_full: 'full fine-tuning',
  empty_reply: 'The brain ended at once, without a word.',

  // choices of a turn
  choice_intent: 'Intent',
  choice_emotion: 'Feeling',
  choice_language: 'Language',
  choice_guess: 'Leave it to a guess',
  intent_suggest: 'Suggest',
  intent_disagree: 'Disagree',
  intent_ask: 'Ask',
  intent_agree: 'Agree',
  emotion_neutral: 'Neutral',
  emotion_happy: 'Happy',
  emotion_sad: 'Sad',
  emotion_surprised: 'Surprised',
  emotion_excited: 'Excited',
  emotion_angry: 'Angry',
  emotion_afraid: 'Afraid',
  language_en: 'English',
  language_pt: 'Portuguese',
  'language_en-pt': 'English → Portuguese',
  'language_pt-en': 'Portuguese → English',

  // opening of a sitting
  opening_title: 'Let us raise a brain',
  opening_intro: '{{name}} opened a sitting. Everybody in this thread can take part.',
  opening_say: 'Press **Speak** (or use `/turn say`) and say one sentence. The brain answers.',
  opening_say_plain: 'Write one sentence here (or press **Speak**). The brain answers.',
  opening_rate: 'Rate the answer from 0.0 to 1.0. The first rating decides: below {{threshold}} the brain is trained.',
  opening_train:
    'Watch the training, then compare the answer before and after. After a short countdown the next turn begins.',
  turns_per_iteration: '{{count}} turns an iteration',
  turns_per_iteration_one: 'one turn an iteration',
  iterations_in_all: '{{count}} iterations',
  iterations_in_all_one: 'one iteration',
  until_stopped: 'until somebody stops',
  turn_open: 'Turn {{turn}} of {{turns}}, iteration {{iteration}}: who speaks?',
  button_speak: 'Speak',
  button_stop: 'Stop',

  // consent and declaration
  consent_title: 'May your words train the brain?',
  consent_needed: '{{name}}, may your words train the brain?',
  button_consent_yes: 'Yes, train with my words',
  button_consent_no: 'No, only answer me',
  consent_granted: 'Thank you! From now on your words may train the brain. You can change your mind whenever you like.',
  consent_refused: 'All right: your words are answered and scored, and never trained on.',
  consent_guardian_refused: 'Noted. Your guardian has said no, though, so your words stay out of the training.',
  consent_now_granted: 'Your words may train the brain.',
  consent_now_refused: 'Your words are never trained on.',
  consent_now_unknown: 'You have not decided yet, so your words are not trained on.',
  guardian_noted: 'Noted, with your name and the date.',
  guardian_noted_refused:
    'Noted, with your name and the date. The student has said no, though, so their words stay out of the training.',
  guardian_answer_missing: 'Choose an answer as well: yes or no.',
  declaration_title: 'Nothing is trained here yet',
  declaration_text:
    'Discord’s rules allow texts from Discord to train a model only if Discord itself has agreed. Until a teacher declares that, in `/session config`, the brain answers and is scored, but does not learn. The local classroom needs no declaration.',
  declaration_ask: 'Only a person responsible for this server may declare this:',
  button_declare: 'I declare it',
  declaration_done: 'Noted, with your name and the date: texts of this server may train the class’s brain.',

  // a turn
  thinking: '{{model}} v{{version}} is thinking …',
  turn_title: 'Turn {{number}} · iteration {{iteration}}',
  turn_failed: 'No answer came',
  turn_failed_next: 'Nothing is lost: say it again.',
  masked: 'Words that do not belong in a classroom are hidden.',
  total: 'Total {{total}} (at best {{most}})',
  not_measured: 'not measured',
  rouge_means: 'how much of your sentence comes back, in order',
  bleu_means: 'how many word groups are the same',
  meteor_means: 'same words, word families and synonyms',
  meteor_means_stems: 'same words and word families',
  bertscore_means: 'how near the meanings are, to {{model}}',
  bertscore_stand_in: 'how near the meanings are, to {{model}}, standing in for {{wanted}}, which is not ready',
  some_model: 'a language model',
  bertscore_layer: '{{model}}, layer {{layer}} of {{layers}}',
  ratings: 'Rated {{average}} (training below {{threshold}})',
  tokens_per_second: '{{value}} tokens/s',
  tries: 'try {{count}}',
  column_expected: 'yours',
  column_generated: 'brain',
  column_place: 'place',
  column_reward: 'reward',
  column_total: 'total',
  table_legend: '✓ in its place · 5→2 stands at 5, belongs at 2 · ✗ not in your sentence',
  table_file: 'The whole token table',
  rate_placeholder: 'How good is this answer?',
  rating_0: 'makes no sense',
  rating_5: 'half right',
  rating_10: 'perfect',
  button_exact: 'Exact rating',
  button_better: 'A better answer',
  button_why: 'Why these words?',
  button_again: 'Another try',
  choices_changed: 'Noted. The brain answers again.',
  said: 'Said. The answer is in the thread.',
  said_failed: 'The brain could not answer. The thread says why.',
  corrected:
    'Thank you. Your answer is kept beside the brain’s. A training that starts from rating this reply measures whether the brain came closer to it; every recipe but classic also learns from it, if you have agreed to that.',

  // ratings
  rated: 'You gave {{value}}.',
  rated_beside: 'It is kept beside the first rating, which decided.',
  rated_turn: 'That is at least {{threshold}}: on to the next turn.',
  rated_training: 'That is below {{threshold}}: the brain goes into training.',
  rated_blocked: 'That is below {{threshold}}, but nothing is trained this time. The thread says why.',
  rated_iteration: 'That closes the iteration.',
  rated_end: 'That was the last turn of the sitting.',
  blocked_declaration:
    'The rating asks for training, but nothing is trained on this server: texts from Discord need Discord’s own permission first. A teacher can declare it in `/session config`. The local classroom (`npm start` without a token) trains without it.',
  blocked_consent:
    'The rating asks for training, but nobody whose words are in this sitting has agreed to that. Do you want to? Press a button.',
  blocked_nothing: 'The rating asks for training, but there are no words to train on yet. On we go.',
  blocked_judgement:
    'The rating asks for training. This recipe learns from a turn, its ratings and its better answers, and only from people who have agreed to that: here whoever spoke, rated or corrected has not (or agreed before ratings and better answers were part of it). Do you want to? Press a button.',

  // forms
  speak_title: 'Your turn',
  speak_text: 'Your sentence',
  speak_placeholder: 'I love dancing in the rain.',
  better_title: 'A better answer',
  better_text: 'What should the brain have said?',
  better_description: 'Write it before you rate. Classic only measures it; the other recipes learn from it.',
  exact_title: 'Exact rating',
  exact_text: 'From 0 to 1',
  exact_description: '0 makes no sense, 1 is perfect. Two digits are enough.',

  // why these words
  why_title: 'Why these words?',
  why_text:
    'How likely the brain found each piece, given everything before it. It rolls dice over such numbers. · is a space, ■ the end.',
  why_footer: 'Surest of {{sure}}, least sure of {{unsure}}',
  why_nothing: 'There is no word to explain: the answer is empty.',

  // training
  training_title: 'Training',
  training_loading: 'Getting ready …',
  training_step: 'Training: step {{step}} of {{total}}',
  training_done: 'Training finished',
  training_failed: 'The training failed',
  training_cancelled: 'The training was stopped',
  training_why_classic:
    'Every step changes the weights a little, so that the words of this sitting become likelier. `/learn` explains the terms.',
  training_why_guided:
    'Every step changes the weights a little: the better answer becomes likelier, the reply rated low less likely, and good replies of before are practised again. `/learn` explains the terms.',
  training_why_preference:
    'Every step changes the weights a little, so that the brain prefers the better of two replies more than it did. `/learn` explains the terms.',
  training_why_reward:
    'Every step changes the weights a little: replies that earn more than usual become likelier, those that earn less become less likely. `/learn` explains the terms.',
  queued_next: 'Next in the queue.',
  queued: 'In the queue: {{count}} before it.',
  began_at: 'was {{value}}',
  of_people: 'of {{people}} people',
  of_one: 'of one person',
  learns_characters: '{{characters}} characters',
  learns_replies: '{{count}} replies to learn',
  learns_replies_one: 'one reply to learn',
  learns_avoiding: '{{count}} to avoid',
  learns_avoiding_one: 'one to avoid',
  learns_pairs: '{{count}} comparisons',
  learns_pairs_one: 'one comparison',
  learns_ratings: '{{count}} rated replies',
  learns_ratings_one: 'one rated reply',
  learns_draws: '{{draws}} new replies a step',
  nothing_preferred:
    'Nobody wrote a better answer, so there is nothing to prefer: the rated reply is only pushed away. Next time, write one before you rate.',
  learned_title: 'What the recipe measured',
  learned_margin:
    'Margin: {{first}} → {{last}}. Above 0, the brain now prefers the better answer more than it did before the training.',
  learned_reward:
    'Mean reward: {{first}} → {{last}}, from your ratings (0 to 1), each reply counted as likely as it still is.',
  learned_reward_drawn:
    'Mean reward of the replies it tried: {{first}} → {{last}} (1 is the best there is, −1 means no word was right).',
  learned_kl: 'Distance from its base (KL): {{kl}}. The leash pulls it back when this grows.',
  summary_title: 'What the training did: v{{from}} → v{{to}}',
  summary_footer: 'v{{to}} is in use now',
  summary_missing: 'The training is over.',
  summary_cut: 'The first {{tokens}} tokens did not fit the brain’s window and were left out.',
  summary_early: 'It was stopped before its end, and keeps what it had learned.',
  push_title: 'Which way was it pushed?',
  before: 'Before (v{{version}})',
  after: 'After (v{{version}})',
  same_reply: 'Same words as before: the push was too small to change this answer.',
  chart_alt: 'Chart of loss, gradient norm and learning rate at each step',
  job_failed_next: 'Nothing is lost: v{{version}} stays in use. Try again, or go on without it.',
  button_retry: 'Try again',
  button_skip: 'Go on',
  retrying: 'It is in the queue again.',
  skipped: 'On we go, without this training.',

  // countdown, stopping, iterations
  countdown_turn: 'The next turn begins',
  countdown_iteration: 'The next iteration begins',
  countdown_end: 'The sitting ends',
  countdown_over: 'The countdown is over.',
  stopped: 'Stopped.',
  keep_question:
    'Stopped. Keep what the brain learned (v{{version}}), or go back to how this sitting began (v{{start}})?',
  keep_question_training:
    'Stopped in the middle of a training. Keep what it learned so far, or go back to how this sitting began?',
  button_keep: 'Keep the progress',
  button_discard: 'Go back to v{{version}}',
  keep_noted: 'Noted.',
  saving: 'The training hands over what it learned so far …',
  kept: 'The progress is kept: v{{version}} is in use.',
  discarded: 'Gone back: v{{version}} is in use. What was learned is still in `/brain list`.',
  iteration_closed: 'Iteration {{number}} is closed',
  averages_note: 'Means of the turns. The next iteration starts with a fresh context.',
  ended_title: 'The sitting is over',
  ended_stopped: 'It was stopped.',
  ended_completed: 'All iterations are done. Well done!',
  ended_next:
    '`/session resume` takes it up again, `/session start` opens a new one, `/brain compare` puts two versions side by side.',
  resumed: 'The sitting goes on: iteration {{iteration}}, turn {{turn}}. Who speaks?',

  // status
  status_title: 'The sitting',
  status_where: 'Turn {{turn}} of {{turns}} in iteration {{iteration}}',
  status_place: 'It is held here: {{place}}',
  phase_ready: 'Waiting for somebody to speak',
  phase_answering: 'The brain is answering',
  phase_rating: 'Waiting for the rating',
  phase_training: 'Training',
  phase_failed: 'A training failed: try again, or go on?',
  phase_countdown: 'Countdown',
  phase_stopping: 'Stopped: keep the progress?',
  phase_ended: 'Over',
  started: 'The sitting is open: {{place}}',
  continued: 'The sitting goes on: {{place}}',
  thread_name: 'Sitting of {{date}}',

  // brains
  brains_title: 'Versions of the class’s brain',
  brains_footer: '/brain use picks one, /brain compare puts two side by side',
  version_base: '{{base}}, untrained by you',
  version_from: 'from v{{number}}',
  version_forgotten: 'learned from {{count}} people who have since asked to be forgotten',
  version_forgotten_one: 'learned from one person who has since asked to be forgotten',
  using: 'v{{number}} is in use now.',
  compare_title: 'Two versions, one prompt',
  compare_footer: 'Same dice for both (seed {{seed}})',
  compared: 'Here it is.',
  chat_footer: 'outside the sitting: not scored, not trained on',
  exported:
    'v{{number}} lies in the folder {{place}} of the computer that runs the bot: a Hugging Face folder that Python loads too.',
  exported_file: 'Here is v{{number}}: an adapter that Python’s peft loads too.',
  queue_title: 'Training queue',
  queue_empty: 'Nothing is waiting to be trained.',
  queue_ours: 'this class',
  queue_others: 'another class',
  queue_running: 'training',
  queue_waiting: 'waiting',

  // settings
  settings_title: 'Settings of this class',
  settings_legend: '● set by this class; the rest is as it came',
  settings_hint: 'Teachers change them with the options of /session config',
  settings_saved: 'Saved. New turns follow it at once.',
  settings_declared: 'Texts of this server may train: declared {{date}}.',
  settings_not_declared: 'Texts of this server may not train: nobody has declared it.',
  settings_no_declaration_needed: 'This classroom needs no declaration: its texts stay on this computer.',
  settings_role_none: 'none',
  settings_on: 'yes',
  settings_off: 'no',
  bertscore_is_exact: 'exact',
  bertscore_is_stand_in: 'stand-in',
  settings_auto: 'automatic',
  settings_without_end: 'until stopped',

  // privacy
  privacy_export: 'Here is everything that is kept about you in this class.',
  privacy_ask:
    'Delete your name, words, ratings and answers from this class? It cannot be undone. Brains that learned from you are marked.',
  button_forget: 'Delete all of it',
  privacy_gone: 'Done. Nothing of yours is left in this class.',
  privacy_gone_versions:
    'Done. Nothing of yours is left in this class. {{count}} versions had learned from your words: they are marked in `/brain list`.',
  privacy_gone_versions_one:
    'Done. Nothing of yours is left in this class. One version had learned from your words: it is marked in `/brain list`.',

  // help
  help_title: 'Brain Factory: your class raises its own little language model',
  help_first: 'What to do first',
  help_step_1: '`/session start` opens a thread for a sitting.',
  help_step_2: 'Press **Speak**, say a sentence, and rate the answer.',
  help_step_3: 'Rate low (below {{threshold}}) and watch the brain being trained. Then look what changed.',
  help_commands: 'All commands',
  help_teacher: 'teachers',
  help_learn: '`/learn` explains every word you meet here.',

  // learn
  learn_try: 'Known words: {{terms}}',

  // when something is not possible
  bug: 'Something broke on our side, and nothing you did is lost. Please try again. If it happens again, tell your teacher this number: {{reference}}',
  event_lost:
    'A message could not be shown here (number {{reference}}). The sitting goes on; `/session status` says where it stands.',
  too_slow: 'That took too long for Discord to hear. Please press it again.',
} as const;
