/** The model card, written from what the training logged and from replies the finished model gave. */
import type { Validation } from './evaluate.ts';

export interface CurveEntry {
  step: number;
  tokens?: number;
  loss?: number;
  validation?: Record<string, Validation>;
}

export interface Sample {
  language: string;
  text: string;
  reply: string;
}

export function modelCard(step: number, curve: readonly CurveEntry[], samples: readonly Sample[]): string {
  const tokens = step * 16 * 256;
  const losses = curve.filter((entry) => entry.loss !== undefined && entry.step <= step).slice(-10);
  const loss = losses.reduce((sum, entry) => sum + entry.loss!, 0) / losses.length;
  const validation = curve.findLast((entry) => entry.validation !== undefined);
  return `---
license: mit
language:
- en
- pt
library_name: transformers
pipeline_tag: text-generation
---

# Sprout

The brain that comes with Brain Factory: a GPT-2 architecture with 6 layers, 256 channels, 8 heads, a window of 256 tokens and
its own vocabulary of 4,096; about 5.9 million parameters, float16. It was trained from nothing on a CPU with the project's own
engine (\`npm run sprout\`). It is small enough to answer at once on an old computer and to be changed by a class in seconds.

## What to expect

It chats in short sentences, often off the point, sometimes funny, sometimes wrong. It knows no facts to rely on, forgets what
was said 256 tokens ago, and mostly talks about films, music and sport, because most of its English does. Its Portuguese comes
from far less text and is weaker. It has no sense of truth or of kindness: a class should read its replies as the guesses
of a language model, which is what there is to learn from them. Dialogues with words about sex, drugs, self-harm and insults
were left out of the training by a simple word list in both languages; that is a precaution, not a guarantee.

## How it is spoken to

\`<|language|>\`, then each utterance closed by \`<|endoftext|>\`; the language is \`en\`, \`pt\`, \`en-pt\` or \`pt-en\` (said in the first,
answered in the second). In front of an utterance may stand how it was meant, \`<|suggest|>\`, \`<|disagree|>\`, \`<|ask|>\` or \`<|agree|>\`, and
felt, \`<|neutral|>\`, \`<|happy|>\`, \`<|sad|>\`, \`<|surprised|>\`, \`<|excited|>\`, \`<|angry|>\` or \`<|afraid|>\`; these were labelled by simple written rules
(\`src/brain/rules.ts\`) on one side of the talk and left out at random.

## Data

| source | what | weight a pass | licence |
|---|---|---|---|
| Self-dialogue Corpus (Fainberg et al. 2018) | English dialogues about films, music, sport | 1 | BSD-3-Clause |
| ChatterBot corpus | short dialogues, English and Portuguese; four Portuguese topics left out | 2, Portuguese 25 | BSD-3-Clause |
| Tatoeba challenge test set 2021-08-07 | English–Portuguese sentence pairs, both ways | 2 | CC BY 2.0 FR |
| the same, Portuguese sides | sentences that share rare words, one after the other as if answered | 3 | CC BY 2.0 FR |
| dialogues written for this project | greetings, school, feelings; English and Portuguese | 25, Portuguese 40 | MIT |

Held out and never trained on: 400 sentence pairs and 400 dialogues, by a deterministic shuffle of our own. The dialogues written
for this project are few and seen often, so replies to greetings are close to learnt by heart.

## Training

${step.toLocaleString('en')} steps of 16 × 256 tokens, ${(tokens / 1e6).toFixed(1)} million tokens in all. AdamW (betas 0.9 and 0.95, weight decay 0.1), learning rate 1e-3 after
100 steps of warm-up, cooled down by a half cosine at the end, gradient norm clipped at 1. Training loss over the last steps: ${loss.toFixed(3)}
nats a token. The whole curve is in \`curve.jsonl\`.

${validation ? validationTable(validation) : 'Not validated yet.'}

${samples.length === 0 ? '' : sampleTable(samples)}`
    .trimEnd()
    .concat('\n');
}

function validationTable({ step, validation }: CurveEntry): string {
  const rows = Object.entries(validation ?? {}).map(
    ([name, { documents, nats_per_token, bits_per_character }]) =>
      `| ${name} | ${documents} | ${nats_per_token.toFixed(3)} | ${bits_per_character.toFixed(3)} |`,
  );
  return `Held-out loss after ${step.toLocaleString('en')} steps ("mixed": dialogues and pairs half and half by number):

| held out | documents | nats a token | bits a character |
|---|---|---|---|
${rows.join('\n')}`;
}

function sampleTable(samples: readonly Sample[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = samples.map(({ language, text, reply }) => `| ${language} | ${cell(text)} | ${cell(reply)} |`);
  return `## Replies, not picked

First answers with the program's own settings (temperature 0.7, top-k 50, top-p 0.9, repetition penalty 1.2), seeds 1, 2, 3 …

| | said | replied |
|---|---|---|
${rows.join('\n')}`;
}
