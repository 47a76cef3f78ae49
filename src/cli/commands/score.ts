import type { Brain } from '../../brain/index.ts';
import { UserError } from '../../errors.ts';
import { type BertScore, bertScore, type MeteorLanguage, scoreReply } from '../../scoring/index.ts';
import type { Command } from '../command.ts';
import { readJsonLines } from '../jsonl.ts';
import type { Options } from '../options.ts';

const LANGUAGES: readonly MeteorLanguage[] = ['en', 'pt'];

export default {
  arguments: ['FILE.jsonl'],
  options: { language: { type: 'string' }, bertscore: { type: 'string' }, layers: { type: 'string' } },
  async run(options, terminal) {
    const language = options.choice('language', LANGUAGES) ?? 'en';
    const similarity = await openSimilarity(options);
    try {
      for await (const line of readJsonLines(options.arguments[0]!)) {
        const [reference, hypothesis] = [line.text('reference'), line.text('hypothesis')];
        const { meteorStages, ...scores } = scoreReply(reference, hypothesis, language);
        await terminal.json({
          ...scores,
          // Without synonyms it is another METEOR than the one people know.
          ...(language === 'en' ? {} : { meteor_stages: meteorStages }),
          ...(similarity === null ? {} : { bertscore: await similarity.score(reference, hypothesis) }),
        });
      }
    } finally {
      await similarity?.close();
    }
  },
} satisfies Command;

/** BERTScore over the hidden states of a model, or null where none was asked for. */
async function openSimilarity(options: Options) {
  const model = options.text('bertscore');
  if (model === undefined) {
    if (options.has('layers')) throw new UserError('cli_option_needs', { option: '--layers', needed: '--bertscore' });
    return null;
  }
  // Models are loaded for this option alone.
  const [{ openModelOrEncoder }, { bertScoreLayer }] = await Promise.all([
    import('../model.ts'),
    import('../../brain/index.ts'),
  ]);
  const opened = await openModelOrEncoder(model);
  const { layers } = opened.model.info();
  const asked = options.number('layers', { whole: true, from: 0, to: layers });
  const layer = asked ?? bertScoreLayer({ name: opened.model.name, layers });
  const score = async (reference: string, hypothesis: string): Promise<BertScore> => {
    if (opened.kind === 'brain')
      return bertScore(
        await vectorsOf(opened.model, hypothesis, layer),
        await vectorsOf(opened.model, reference, layer),
      );
    const { precision, recall, f1 } = await opened.model.bertScore([reference], hypothesis, layer);
    return { precision, recall, f1 };
  };
  return { score, close: () => opened.model.dispose() };
}

async function vectorsOf(brain: Brain, text: string, layer: number) {
  // As bert_score does for GPT-2: the first word stands after a space too, so that it is the word it would be elsewhere.
  const trimmed = text.trim();
  const ids = brain.tokenizer.encode(trimmed === '' ? '' : ` ${trimmed}`).slice(0, brain.window);
  const states = ids.length === 0 ? new Float32Array(0) : (await brain.hiddenStates(ids))[layer]!;
  const width = states.length / Math.max(ids.length, 1);
  return {
    vectors: ids.map((_, token) => states.subarray(token * width, (token + 1) * width)),
    special: ids.map(() => false),
  };
}
