/** An evaluation as Markdown, its tables padded so that they also read well in a terminal. */
import type { Evaluation } from './evaluation.ts';

/** A section for the model card: headings of the second level and below. */
export function evaluationSection(evaluation: Evaluation): string {
  const parts = [
    `## Measured\n\nBy \`npm run sprout:eval\`, on what its training holds out. ${evaluation.parameters.toLocaleString('en')} parameters.`,
    ...evaluation.missing.map((reason) => `Not measured. ${reason}`),
    heldOutPart(evaluation),
    speechPart(evaluation),
    translationPart(evaluation),
    labelsPart(evaluation),
    repliesPart(evaluation),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heldOutPart({ heldOut }: Evaluation): string {
  if (Object.keys(heldOut).length === 0) return '';
  const rows = Object.entries(heldOut).map(([name, { documents, nats_per_token, bits_per_character }]) => [
    name,
    `${documents}`,
    nats_per_token.toFixed(3),
    bits_per_character.toFixed(3),
  ]);
  return `### Held-out loss

"mixed" and its parts "en", "en-pt" and "pt-en" are the documents that a PyTorch run of about this size, without sprout's corpus, holds out: in
50 minutes on two cores it reached 3.84 nats (with another vocabulary) and 1.686 bits on "mixed". "tatoeba-pt": the Portuguese sides of the 400 pairs below; "own": the corpus written for sprout.

${table(['held out', 'documents', 'nats a token', 'bits a character'], rows)}`;
}

function speechPart({ speech, people, unknown }: Evaluation): string {
  const replies = speech.map(({ language, how, replies, words, inLanguage, exist, diversity }) => [
    language,
    how,
    `${replies}`,
    words.toFixed(1),
    percent(inLanguage),
    percent(exist),
    ...[1, 2, 3].map((length) => diversity.distinct[length as 1 | 2 | 3].toFixed(2)),
    percent(diversity.repeated),
    percent(diversity.equal),
  ]);
  const said = people.map(({ language, replies, words, inLanguage, exist }) => [
    language,
    'people',
    `${replies}`,
    words.toFixed(1),
    percent(inLanguage),
    percent(exist),
    ...Array<string>(5).fill(''),
  ]);
  const head = ['to', 'how', 'replies', 'words each', 'right language', 'words exist'];
  return `### Replies

To the prompts below, greedy and with five seeds. Language: whose dictionary knows more of the words (Hunspell: SCOWL, VERO). Distinct:
different runs of 1, 2, 3 words over all, among as many replies as there are prompts. Repeated: runs of four words that the reply has said before.
Equal: replies that are another one too. "people": held-out sentences judged alike.

${table([...head, 'distinct-1', '-2', '-3', 'repeated', 'equal'], [...replies, ...said])}

Words that do not exist, the commonest first: pt ${list(unknown.pt)}; en ${list(unknown.en)}.`;
}

function translationPart({ translation }: Evaluation): string {
  if (translation === null) return '';
  const rows = Object.entries(translation).map(([direction, { pairs, chrf, copied }]) => [
    direction,
    `${pairs}`,
    chrf.toFixed(1),
    copied.toFixed(1),
  ]);
  const examples = Object.values(translation).flatMap((score) =>
    score.examples.map(({ source, said, reference }) => [cell(source), cell(said), cell(reference)]),
  );
  return `### Translation

Held-out Tatoeba pairs, greedy (with the brain's own repetition penalty), chrF2 as sacrebleu counts it. "Copied": the sentence said back as it is.

${table(['', 'pairs', 'chrF2', 'copied'], rows)}

${table(['said', 'translated', 'a person'], examples)}`;
}

function labelsPart({ labelShares, labelLikelihood, firstTokens }: Evaluation): string {
  const shares = labelShares.map(({ label, replies, without, other, with: own }) => [
    label,
    `${replies}`,
    percent(without),
    percent(other),
    percent(own),
    `${own >= other ? '+' : '−'}${Math.abs((own - other) * 100).toFixed(0)}`,
  ]);
  const likelihood = labelLikelihood.map(({ place, kind, language, replies, gain, best }) => [
    place,
    kind,
    language,
    `${replies}`,
    gain.toFixed(2),
    percent(best),
  ]);
  const shifts = firstTokens.map(({ labels, distance }) => `${labels.join(' against ')} ${distance.toFixed(3)}`);
  const parts = [
    `### Intent and emotion

In front of the reply: the share of sampled replies that the written rules (\`src/brain/rules.ts\`) give the label, with no label, with
another of its kind, with this one. Labels belong to what people say, so here the sentence is laid out as the brain's and the reply as a person's.`,
    table(['label', 'replies', 'none', 'another', 'this one', 'points'], shares),
    likelihood.length === 0
      ? ''
      : `Held-out replies of sprout's own corpus under their author's label, against the mean of the others (nats a reply), and how often
it is the likeliest (by chance 25 % of intents, 14 % of emotions). The label stands in front of the reply; of the sentence it answers, as in a class; and
of a sentence whose words say nothing of its tone, which other dialogues answer in another one:

${table(['in front of', '', 'language', 'replies', 'gain', 'likeliest'], likelihood)}`,
    `In front of what the person says, the mean Jensen–Shannon distance of the reply's first token (0 to 1): ${shifts.join(', ')}.`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function repliesPart({ answers }: Evaluation): string {
  const rows = answers.map(({ language, text, greedy, sampled }) => [
    language,
    cell(text),
    cell(sampled[0] ?? ''),
    cell(greedy),
  ]);
  return `### The replies, not picked

Drawn as the brain's own settings say (generation_config.json), the first seed; and greedy.

${table(['', 'said', 'replied', 'greedy'], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Text of people and brains, so that it stays in its cell. */
function cell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '\\<').replace(/\s+/gu, ' ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function list(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ');
}
