/** What the words of training and scoring mean, for ages 11 to 17: title, lesson, and a sentence with the reader's numbers. */
export default {
  overfitting_title: 'Overfitting',
  overfitting_text:
    'Overfitting is learning by heart instead of learning the idea. A brain that overfits repeats its training sentences almost word for word, but stumbles when you say something new. It happens with few sentences, too many epochs, or too high a learning rate. To find out, talk to it about something it was never trained on: if those replies get worse while the loss keeps falling, it has overfitted. More varied sentences and fewer epochs help.',
  overfitting_numbers:
    'In your last training the loss went from {{first}} to {{last}}: now say something the brain has never seen, and compare.',

  rouge_l_title: 'ROUGE-L',
  rouge_l_text:
    'ROUGE-L compares the brain’s reply with your sentence. It looks for the longest chain of words that both have in the same order; other words may stand in between. 1 means the same words in the same order, and 0 means that no word is shared. It knows nothing about meaning: a good reply in other words can still score low. It was made for English and cuts words at accented letters, so it reads “você” as “voc”.',
  rouge_l_numbers: 'Your last reply got {{value}}.',

  bleu_title: 'BLEU',
  bleu_text:
    'BLEU counts how many words of the reply, and how many runs of two, three and four words, are also in your sentence. It was invented to grade translations made by machines. A reply that is too short loses points, so a brain cannot cheat by saying only the easy part. On a single short sentence BLEU is harsh: even a perfect reply of one word gets just 0.18. Watch how it changes over many replies rather than a single number.',
  bleu_numbers: 'Your last reply got {{value}}.',

  meteor_title: 'METEOR',
  meteor_text:
    'METEOR also matches the words of the reply with yours, but it is kinder. It accepts the same word with another ending, such as “play” and “playing”, and in English also synonyms, such as “car” and “automobile”. Then it takes points away when the matching words are scattered instead of standing together. Like the others, it goes from 0 to 1. For Portuguese it has no list of synonyms here, so it matches words and their stems only.',
  meteor_numbers: 'Your last reply got {{value}}.',

  bertscore_title: 'BERTScore',
  bertscore_text:
    'BERTScore does not compare letters but meanings, as a language model sees them. The model turns every piece of a sentence into a long list of numbers, and pieces used in similar ways get similar numbers. Each piece of the reply then looks for the most similar one in your sentence, and the other way round. That is why a reply in quite different words can score high. Numbers from different models cannot be compared, so we always say which model it was.',
  bertscore_numbers: 'Your last reply got {{value}}.',

  token_limit_title: 'Token limit (max_new_tokens)',
  token_limit_text:
    'A brain reads and writes in tokens: short words, pieces of longer ones, and signs. It writes one token after the other, and is done when it picks a special one that means “the end”. A small brain often forgets to pick it and would talk for ever, so it is stopped after a number of tokens. A reply that was stopped may break off in the middle of a sentence, which says nothing about the words before.',
  token_limit_numbers: 'In your class the limit is {{value}} tokens.',

  epoch_title: 'Epoch',
  epoch_text:
    'An epoch is one trip through all of the training text. With three epochs the brain studies every sentence three times, a bit like rereading your notes before a test. With too few it learns little; with too many it starts to learn by heart. In the log, 1.5 means that it is half way through its second trip.',
  epoch_numbers: 'Epochs in your last training: {{value}}.',

  loss_title: 'Loss',
  loss_text:
    'Loss measures how surprised the brain is by the next word of the training text. At every place it gives each possible word a probability, and the loss is high when the real next word got a low one. Training changes the weights so that this surprise shrinks: a falling loss means that the text is becoming familiar. For a brain that guesses blindly among 1,000 pieces of words it would be about 6.9. A tiny loss is not always good news: the brain may have learnt the text by heart.',
  loss_numbers: 'In your last training it went from {{first}} to {{last}}.',

  grad_norm_title: 'Gradient norm (grad_norm)',
  grad_norm_text:
    'The gradient says, for every weight of the brain, how a small change would move the loss. grad_norm is the length of that long list of numbers: how hard the training text is pulling at this step. A high value means that the text is asking for a big change, a low one that there is little left to learn from it. If it suddenly shoots up, the training is becoming unstable. That is why pulls longer than 1 are cut down to 1 before the weights change.',
  grad_norm_numbers: 'In your last training it ended at {{value}}.',

  learning_rate_title: 'Learning rate',
  learning_rate_text:
    'The learning rate says how big a step each correction of the weights takes. Too small, and nothing seems to change; too big, and the brain forgets what it knew and starts to babble. Here it starts at a small number and usually goes down in a straight line to zero, so the last corrections are the gentlest. In a log, 5e-05 is a short way to write 0.00005.',
  learning_rate_numbers: 'Your last training started at {{value}}.',

  train_runtime_title: 'Training time (train_runtime)',
  train_runtime_text:
    'train_runtime is how many seconds the training took, from before the first step to after the last. It grows with the length of the text, the number of epochs and the size of the brain, and shrinks on a faster computer. Waiting for other trainings to finish is not part of it.',
  train_runtime_numbers: 'Your last training took {{value}} seconds.',

  throughput_title: 'Samples and steps per second',
  throughput_text:
    'These two numbers tell how fast the training went. A sample is one piece of training text; a step is one correction of the weights, made after reading one sample or a few. When every step reads one sample, both numbers are the same. Longer pieces of text make them smaller, for there is more to read. They say nothing about how good the brain has become.',
  throughput_numbers: 'Your last training did {{samples}} samples and {{steps}} steps per second.',

  train_loss_title: 'Train loss (train_loss)',
  train_loss_text:
    'train_loss is the average of the loss over all the steps of a training: one number for the whole run. The early steps count too, so it is usually higher than the loss at the end. Compare it between trainings on the same text: lower means that the brain found the text easier from the start, or learnt it faster. To judge the brain itself, its replies to new sentences matter more.',
  train_loss_numbers: 'In your last training it was {{value}}.',

  preference_title: 'Preference (DPO)',
  preference_text:
    'Sometimes it is hard to say how good a reply is, but easy to say which of two is better. Direct preference optimisation (DPO) learns from just that: the better reply should gain on the worse one, compared with how the brain saw both before the training. The margin tells how much it has gained: 0 is where it starts, and above 0 the preference has moved your way. Write a better answer before you rate, or ask for another try and say which is better, and the brain has two replies to compare.',
  preference_numbers: 'In your last such training the margin went from {{first}} to {{last}}.',

  push_away_title: 'Pushing away',
  push_away_text:
    'A reply rated low should become less likely, but turning the training round and running downhill for ever would destroy the brain’s language too. So the push is strong at first and fades as the reply becomes rare: it stops by itself. All the chance that is taken from one reply goes to others, and nobody says to which ones. That is why a better answer from you is worth more than a low rating alone.',
  push_away_numbers: 'In your last training the rated reply became {{value}} times less likely.',

  replay_title: 'Replay, against forgetting',
  replay_text:
    'A brain that studies only the newest lesson forgets the older ones; researchers call that catastrophic forgetting. Replay is the cure that you know from school: practise some of the old exercises together with the new ones. The guided recipe learns the better answer, unlearns the reply rated low, and practises a few good replies of the same sitting once more. Some forgetting is left all the same, and it can be measured on sentences that were in no training.',
  replay_numbers: 'Replies your last guided training learnt, the better answer and the replayed ones: {{value}}.',

  reward_title: 'Reward (REINFORCE)',
  reward_text:
    'Here the brain is not told what to say: it gets points for what it said. Replies that earned more than usual become likelier, and those that earned less become less likely; the method is called REINFORCE. It can find answers nobody wrote, but it needs many tries, and it learns exactly what gives points, even silly tricks. So always read the replies, not only the number.',
  reward_numbers: 'In your last such training the mean reward went from {{first}} to {{last}}.',

  baseline_title: 'Baseline and advantage',
  baseline_text:
    'Is 0.5 a good result? That depends on what is usual, and the usual is called the baseline. Reward minus baseline is the advantage: above 0 the reply is pulled closer, below 0 it is pushed away. With your ratings the baseline is the class’s threshold; with replies drawn anew it is the average of the others drawn beside it.',
  baseline_numbers: 'In your class the threshold is {{value}}.',

  kl_title: 'The leash (KL, beta)',
  kl_text:
    'KL measures how differently two brains speak: 0 means exactly alike. When a brain runs after points, it may end up babbling whatever earns most, so a leash ties it to the brain it came from. The further it runs, the harder the leash pulls, and beta says how strong the leash is. A short leash keeps the language and learns little; a long one learns quickly and may lose its way.',
  kl_numbers: 'At the end of your last such training it was {{value}}.',

  unknown: 'There is no lesson called “{{term}}”. The nearest are: {{near}}.',
} as const;
