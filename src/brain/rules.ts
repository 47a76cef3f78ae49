/**
 * Simple written rules that guess, from the words alone, how a sentence was meant and felt, in English and Portuguese.
 * They are weak on purpose and easy to read: the speaker's own choice always wins. The embedded brain was trained with
 * labels from these very rules, so what the guess says is what the brain knows the label to mean.
 */
import type { Emotion, Intent } from './types.ts';

const asks =
  /\?\s*$|^(who|what|when|where|why|how|which|whose|do|does|did|are|is|was|were|can|could|would|will|have you|has|quem|que|o que|qual|quais|quando|onde|aonde|por que|porque será|como|quanto|quantos|quantas|será que|cadê)\b.*\?/iu;
const disagrees =
  /^(no|nope|nah|not really|not at all|never|i disagree|i don'?t (think|agree|believe|like)|i doubt|wrong|that'?s not|não|nao|nunca|jamais|discordo|nada a ver|de jeito nenhum|claro que não|eu não|acho que não|errado)(?![\p{L}\p{N}])/iu;
const suggests =
  /\b(let'?s|let us|we should|you should|how about|what about|why don'?t (we|you)|maybe (we|you)|we could|you could|i suggest|try to|que tal|vamos|vamo|a gente (podia|pode|devia)|poderíamos|podíamos|devíamos|você (devia|deveria|podia)|sugiro|por que não|bora)(?![\p{L}\p{N}])/iu;
const agrees =
  /^(yes|yeah|yea|yep|yup|sure|ok|okay|of course|exactly|true|right|agreed|i agree|i know|me too|same here|absolutely|definitely|indeed|good point|sim|claro|concordo|com certeza|exato|exatamente|verdade|isso|isso mesmo|também acho|eu também|pois é|tá bom|certo|ok|beleza)(?![\p{L}\p{N}])/iu;

/** Suggesting wins over asking ("how about…?" has a question mark all the same); a plain statement puts an idea forward. */
export function guessIntent(text: string): Intent {
  const sentence = text.trim();
  if (suggests.test(sentence)) return 'suggest';
  if (asks.test(sentence)) return 'ask';
  if (disagrees.test(sentence)) return 'disagree';
  if (agrees.test(sentence)) return 'agree';
  return 'suggest';
}

const feelings: readonly (readonly [Emotion, RegExp])[] = [
  [
    'afraid',
    /(^|[^\p{L}])(afraid|scared|scary|terrified|terrifying|frightened|creepy|nervous|medo|assustad[oa]s?|assustador(a|es)?|pavor|apavorad[oa]|nervos[oa]|😨|😱|😰)(?![\p{L}])/iu,
  ],
  [
    'angry',
    /(^|[^\p{L}])(angry|mad at|furious|annoy(s|ed|ing)|hate|hated|odeio|odeia|raiva|brav[oa]|furios[oa]|irritad[oa]|irritante|que saco|😠|😡|🤬)(?![\p{L}])/iu,
  ],
  [
    'sad',
    /(^|[^\p{L}])(sad|sadly|sorry to|unhappy|cry|cried|crying|lonely|miss (you|him|her|them|it)|depress(ed|ing)|triste|tristeza|infelizmente|saudades?|chorei|chorar|chorando|sozinh[oa]|😢|😭|😞|☹️?)(?![\p{L}])|:'?\(/iu,
  ],
  [
    'excited',
    /!{2,}|(^|[^\p{L}])(can'?t wait|so excited|excited|exciting|awesome|amazing|epic|mal posso esperar|animad[oa]|empolgad[oa]|incrível|demais!|show!|🤩|🎉|🔥)(?![\p{L}])/iu,
  ],
  [
    'surprised',
    /(^|[^\p{L}])(wow|whoa|omg|no way|oh my|surpris(ed|ing)|unbelievable|really\?|seriously\?|nossa|uau|caramba|eita|sério\?|não acredito|surpres[oa]|😮|😲|🤯)(?![\p{L}])|\?!|!\?/iu,
  ],
  [
    'happy',
    /(^|[^\p{L}])(happy|glad|love|loved|great|fun|nice|haha+|lol|feliz|alegre|adoro|adorei|amo|amei|que bom|legal|ótim[oa]|divertid[oa]|maravilh[oa]s[oa]|kkk+|rs(rs)*|😀|😃|😄|😊|🙂|❤️?|🥰)(?![\p{L}])|[:;]-?\)/iu,
  ],
];

/** The first feeling whose words stand in the text, the rarer ones asked first; neutral when there is none. */
export function guessEmotion(text: string): Emotion {
  return feelings.find(([, words]) => words.test(text))?.[0] ?? 'neutral';
}
