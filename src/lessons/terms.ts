/**
 * The twelve words that the original script explained, those of the recipes and of a reply, and the names people may call them by: English, Portuguese, and
 * the Trainer's own keys. Names are compared without case, accents, spaces and punctuation, so one spelling of each will do.
 */
export const TERMS = Object.freeze({
  overfitting: ['overfitting', 'overfit', 'sobreajuste', 'superajuste', 'decorar', 'learning by heart'],
  rouge_l: ['rouge-l', 'rouge'],
  bleu: ['bleu', 'bleu score'],
  meteor: ['meteor', 'meteor score'],
  bertscore: ['bertscore', 'bert'],
  token_limit: ['token limit', 'max_new_tokens', 'token', 'tokens', 'limit', 'limite de tokens', 'limite'],
  epoch: ['epoch', 'epochs', 'época', 'épocas', 'num_train_epochs'],
  loss: ['loss', 'perda'],
  grad_norm: ['grad_norm', 'gradient norm', 'gradient', 'norma do gradiente', 'gradiente'],
  learning_rate: ['learning_rate', 'lr', 'taxa de aprendizado', 'taxa de aprendizagem'],
  train_runtime: ['train_runtime', 'runtime', 'training time', 'tempo de treino', 'tempo de execução', 'tempo'],
  throughput: [
    'samples and steps per second',
    'train_samples_per_second',
    'train_steps_per_second',
    'samples per second',
    'steps per second',
    'samples',
    'steps',
    'amostras e passos por segundo',
    'amostras por segundo',
    'passos por segundo',
    'amostras',
    'passos',
    'speed',
    'velocidade',
  ],
  train_loss: ['train_loss', 'training loss', 'perda do treino', 'perda de treino', 'perda média'],
  preference: [
    'preference',
    'dpo',
    'direct preference optimisation',
    'margin',
    'rewards/margins',
    'preferência',
    'margem',
  ],
  push_away: ['push away', 'npo', 'negative preference', 'afastar', 'desaprender', 'preferência negativa'],
  replay: [
    'replay',
    'guided',
    'forgetting',
    'catastrophic forgetting',
    'repetição',
    'guiada',
    'esquecimento',
    'esquecer',
  ],
  reward: ['reward', 'reinforce', 'mean reward', 'policy gradient', 'recompensa', 'recompensa média', 'reforço'],
  baseline: ['baseline', 'advantage', 'linha de base', 'vantagem', 'leave one out'],
  kl: ['kl', 'kl divergence', 'leash', 'beta', 'guia', 'divergência kl', 'divergência'],
} satisfies Record<string, readonly string[]>);

export type LessonTerm = keyof typeof TERMS;

export const LESSON_TERMS: readonly LessonTerm[] = Object.freeze([
  'overfitting',
  'rouge_l',
  'bleu',
  'meteor',
  'bertscore',
  'token_limit',
  'epoch',
  'loss',
  'grad_norm',
  'learning_rate',
  'train_runtime',
  'throughput',
  'train_loss',
  'preference',
  'push_away',
  'replay',
  'reward',
  'baseline',
  'kl',
]);

/** "Época", "epoca " and "ÉPOCA" are one name. */
export function plainName(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

const PLAIN_NAMES: ReadonlyMap<LessonTerm, readonly string[]> = new Map(
  LESSON_TERMS.map((term) => [term, TERMS[term].map(plainName)]),
);

/** The term called by this name, or undefined. */
export function termNamed(name: string): LessonTerm | undefined {
  const plain = plainName(name);
  return LESSON_TERMS.find((term) => PLAIN_NAMES.get(term)?.includes(plain));
}

/** All terms, those with a name most like `name` first. */
export function termsLike(name: string): LessonTerm[] {
  // Nobody looks a word up by a paragraph, and the distance takes time with its length.
  const plain = plainName(name.slice(0, 40));
  const unlikeness = (names: readonly string[]) => Math.min(...names.map((known) => unlike(plain, known)));
  return [...PLAIN_NAMES]
    .map(([term, names]) => ({ term, far: unlikeness(names) }))
    .sort((a, b) => a.far - b.far)
    .map(({ term }) => term);
}

/** 0 for the same name, 1 for one with nothing alike; the beginning of a name is half of it already. */
function unlike(typed: string, known: string): number {
  const share = editDistance(typed, known) / Math.max(typed.length, known.length, 1);
  const isPart = typed.length >= 3 && (known.includes(typed) || typed.includes(known));
  return isPart ? share / 2 : share;
}

/** Levenshtein's distance: letters to insert, remove or replace to turn one name into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = row[column - 1]! + (letter === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
