/** What the classroom itself says: the wording people agree to (kept with their answer), and what a training did. */
export default {
  consent_text:
    'In this class people raise a small language model by talking to it. May your words train it?\n🌱 If you say yes, your turns, the replies to them, and the ratings, choices between tries and better answers you give become part of what it learns, here on this computer, for this class.\n🚫 If you say no, you take part all the same: your turns are answered and scored, your ratings are counted, and nothing of yours is ever trained on.\n↩️ You can change your mind at any time with /privacy. If you delete your data, your words go at once; a brain that has already learned from them is marked as such.\nIf you are too young to decide this alone, ask your parents or guardians first.',
  declaration_text:
    'I run this bot on this server. I declare that Discord has agreed to messages from this server being used to train a language model, or that its rules allow it otherwise, and that I keep the law on the data of the people here, minors above all. I know that a member’s consent does not take the place of Discord’s.',

  push_reply_less:
    'The brain is now LESS likely to say that reply again ({{numbers}}). That is what a low rating asks for.',
  push_reply_same: 'The brain is about as likely as before to say that reply again ({{numbers}}).',
  push_reply_more:
    'Careful: the classic recipe trains on everything said, the rated reply too, so the brain became MORE likely to say it again ({{numbers}}).',
  push_reply_wrong_way:
    'Careful: the brain became MORE likely to say that reply again ({{numbers}}), although the rating asked for the opposite. Often the better answer shares words with it.',
  push_preferred_more:
    'The brain is now MORE likely to say that reply again ({{numbers}}). It was rated low, but of its tries it is the one people preferred, so it was to gain on another.',
  push_preferred_same:
    'The brain is about as likely as before to say that reply again ({{numbers}}). Of its tries it is the one people preferred, so it was to gain on another: the margin says whether it did.',
  push_preferred_less:
    'The brain is now LESS likely to say that reply again ({{numbers}}). Of its tries it is the one people preferred: it should gain on another, and may do so by falling less. The margin says whether it did.',
  push_correction_more: 'The better answer somebody wrote became MORE likely ({{numbers}}), as hoped.',
  push_correction_same: 'The better answer somebody wrote is about as likely as before ({{numbers}}).',
  push_correction_less:
    'Careful: the better answer somebody wrote became LESS likely ({{numbers}}). The classic recipe does not train on it.',
  push_correction_wrong_way:
    'Careful: the better answer somebody wrote became LESS likely ({{numbers}}), although it should rise. Pushing the reply away took words along that both share.',
  push_odds: 'from 1 in {{before}} to 1 in {{after}}',
  push_times: 'by {{times}} times; a piece of a word: from {{before}} to {{after}} on average',
  push_pieces: 'a piece of a word: from {{before}} to {{after}} on average',
  push_over_a_million: 'more than a million',
} as const;
