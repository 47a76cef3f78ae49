/**
 * The model card: what sprout is, from the very settings it was trained with; how it came about, from the curve that the
 * training logged; what it does, from the evaluation (`npm run sprout:eval`) and a person's judgement of it, where they are
 * there. The same files make the same card.
 */

import { expectedWeights, parseModelConfig } from '../../src/engine/index.ts';
import type { Evaluation } from '../sprout-eval/evaluation.ts';
import { evaluationSection } from '../sprout-eval/report.ts';
import { modelConfig } from './config.ts';
import { type CorpusDialogue, isBilingual } from './corpus.ts';
import { CURVE_SETS, type CurveEntry } from './curve.ts';
import { type SourceName, WEIGHTS } from './documents.ts';
import { LABEL_KEPT, LABELLED } from './packing.ts';
import { TRAINING } from './step.ts';
import { VOCABULARY, WINDOW } from './tokenizer.ts';

export interface CardData {
  curve: readonly CurveEntry[];
  corpus: readonly CorpusDialogue[];
  evaluation: Evaluation | null;
  /** Markdown, without a heading of its own. */
  judgement: string | null;
}

export function modelCard(data: CardData): string {
  const parts = [
    FRONT_MATTER,
    whatItIs(),
    HOW_TO_TALK,
    dataPart(data.corpus),
    trainingPart(data.curve),
    data.judgement === null ? '' : `## Read and judged\n\n${data.judgement.trim()}`,
    LIMITS,
    data.evaluation === null ? '' : evaluationSection(data.evaluation).trim(),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const FRONT_MATTER = `---
license: mit
language:
- en
- pt
library_name: transformers
pipeline_tag: text-generation
---`;

function whatItIs(): string {
  const { num_hidden_layers, hidden_size, num_attention_heads, intermediate_size } = modelConfig;
  const weights = [...expectedWeights(parseModelConfig(modelConfig)).values()];
  const parameters = weights.reduce((sum, shape) => sum + shape.reduce((product, length) => product * length, 1), 0);
  return `# Sprout

The brain that comes with Brain Factory: small enough to answer at once on an old computer and to be changed by a class in seconds.

| | |
|---|---|
| architecture | Llama: ${num_hidden_layers} layers of ${hidden_size} channels, ${num_attention_heads} heads, SwiGLU of ${intermediate_size}, RMSNorm, rotary positions, tied embeddings |
| parameters | ${parameters.toLocaleString('en')}, float16 (${((2 * parameters) / 1e6).toFixed(1)} MB) |
| vocabulary | ${VOCABULARY.toLocaleString('en')}, byte-level BPE learnt from its own training data |
| window | ${WINDOW} tokens |
| languages | Brazilian Portuguese, English, and translation of short sentences between them |

Weights and vocabulary come from nothing but the data below, by the project's own engine on a CPU (\`npm run sprout\`).`;
}

const HOW_TO_TALK = `## How it is spoken to

\`\`\`
<|pt|><|user|>Oi!<|endoftext|><|assistant|>Olá!<|endoftext|><|user|><|ask|><|happy|>Tudo bem?<|endoftext|><|assistant|>
\`\`\`

The language stands at the front: \`pt\`, \`en\`, \`en-pt\` or \`pt-en\` (said in the first, answered in the second). A role opens each utterance, the end
token closes it. Behind \`<|user|>\` may stand how the sentence was meant, \`suggest\`, \`disagree\`, \`ask\` or \`agree\`, and felt, \`neutral\`, \`happy\`, \`sad\`,
\`surprised\`, \`excited\`, \`angry\` or \`afraid\`. All of these may be left out. The chat template does it:

\`\`\`python
tokenizer.apply_chat_template(
    [{"role": "user", "content": "Tudo bem?"}],
    language="pt", intent="ask", emotion="happy", add_generation_prompt=True,
)
\`\`\``;

const SOURCES: Record<SourceName, { what: string; licence: string }> = {
  'self-dialogue': {
    what: 'Self-dialogue Corpus (Fainberg et al. 2018): English dialogues about films, music, sport',
    licence: 'BSD-3-Clause',
  },
  'chatterbot-en': { what: 'ChatterBot corpus: short English dialogues', licence: 'BSD-3-Clause' },
  'chatterbot-pt': {
    what: 'ChatterBot corpus: short Portuguese dialogues, four topics left out',
    licence: 'BSD-3-Clause',
  },
  'tatoeba-en-pt': { what: 'Tatoeba challenge test set 2021-08-07: sentence pairs', licence: 'CC BY 2.0 FR' },
  'tatoeba-pt-en': { what: 'the same pairs the other way', licence: 'CC BY 2.0 FR' },
  'own-pt': { what: 'the corpus written for sprout: Portuguese dialogues', licence: 'CC0 1.0' },
  'own-en': { what: 'those of its dialogues that were written in English too', licence: 'CC0 1.0' },
  'own-tones': { what: 'the same: short sentences in several tones, in both languages', licence: 'CC0 1.0' },
  'own-talks': { what: 'the same: talks that change the subject or point back, in both languages', licence: 'CC0 1.0' },
  'own-en-pt': { what: 'their utterances as pairs', licence: 'CC0 1.0' },
  'own-pt-en': { what: 'the same pairs the other way', licence: 'CC0 1.0' },
};

function dataPart(corpus: readonly CorpusDialogue[]): string {
  const rows = Object.entries(SOURCES).map(([name, { what, licence }]) => {
    return `| ${what} | ${WEIGHTS[name as SourceName]} | ${licence} |`;
  });
  const bilingual = corpus.filter(isBilingual).length;
  return `## Data

| source | in a pass | licence |
|---|---|---|
${rows.join('\n')}

The numbers say how often a pass shows each document, of a fraction in what share of the passes. [The corpus](corpus/README.md) has ${corpus.length.toLocaleString('en')} dialogues in Portuguese, ${bilingual.toLocaleString('en')} of them in English too. ${percent(LABELLED)} of a
person's utterances may carry labels, each of the two in ${percent(LABEL_KEPT)} of these: as the author meant them in the corpus, guessed by written rules
elsewhere (\`src/brain/rules.ts\`).

Held out and never trained on, in no language and no direction: 800 documents (dialogues and pairs), 400 more pairs, and every twentieth dialogue
of the corpus. Dialogues of others with words about sex, drugs, self-harm and insults were left out by a simple word list in both languages.`;
}

function trainingPart(curve: readonly CurveEntry[]): string {
  const steps = curve.filter((entry) => entry.tokens !== undefined);
  const last = steps.at(-1);
  if (last === undefined) return '';
  const { rows, peak, warmupSteps, weightDecay, beta1, beta2, maxGradNorm } = TRAINING;
  const cooldownFrom = steps.findLast((entry) => entry.learning_rate === peak)?.step ?? last.step;
  const loss = steps.slice(-10).reduce((sum, entry) => sum + entry.loss! / Math.min(10, steps.length), 0);
  const seen = curve.filter((entry) => entry.validation !== undefined);
  const rates = seen.map(({ step, validation }) => {
    const bits = Object.keys(CURVE_SETS).map((name) => validation![name]?.bits_per_character.toFixed(3) ?? '');
    return `| ${step.toLocaleString('en')} | ${bits.join(' | ')} |`;
  });
  return `## Training

${last.step.toLocaleString('en')} steps of ${rows} × ${WINDOW} tokens, ${(last.tokens! / 1e6).toFixed(1)} million in all, documents shuffled and laid end to end. Muon (momentum 0.95) for the
matrices inside the layers, AdamW (betas ${beta1} and ${beta2}) for the rest, both at the same rate: up to ${peak} in ${warmupSteps} steps, held, from step ${cooldownFrom.toLocaleString('en')} on
cooled down by half a cosine to a twentieth. Weight decay ${weightDecay}, gradient norm clipped at ${maxGradNorm}. Language, roles and labels are read, never
predicted. Training loss over the last steps: ${loss.toFixed(3)} nats a token. All of it is in \`curve.jsonl\`.

![The learning curve](curve.svg)

Held out, bits a character (a sixth of the documents; at the end all of them):

| step | ${Object.values(CURVE_SETS).join(' | ')} |
|---|${'---|'.repeat(Object.keys(CURVE_SETS).length)}
${rates.join('\n')}`;
}

const LIMITS = `## Limits

It has no sense of truth or of kindness and knows no facts to rely on: a class should read its replies as the guesses of a language model,
which is what there is to learn from them. It forgets what was said ${WINDOW} tokens ago. Its Portuguese is that of one author's corpus and of short
sentences, its English that too, and that of adults chatting about films, music and sport. The word list is a precaution, not a guarantee.`;

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
