/** Text in, numbers out: the token table and the metrics beside it, each equal to the library its name comes from. */
import { sentenceBleu } from './bleu.ts';
import { type MeteorLanguage, type MeteorStage, meteor } from './meteor.ts';
import { rouge } from './rouge.ts';

export { type BertScore, bertScore, bestBertScore, type TokenVectors } from './bertscore.ts';
export { sentenceBleu } from './bleu.ts';
export { type Meteor, type MeteorLanguage, type MeteorStage, meteor } from './meteor.ts';
export { porterStem } from './porter.ts';
export { splitOnSpace, strip, wordsAndSymbols } from './python-text.ts';
export { type PrecisionRecall, type Rouge, rouge } from './rouge.ts';
export {
  DEFAULT_MAX_SCORE,
  statusInPortuguese,
  type TokenReport,
  type TokenReportOptions,
  type TokenRow,
  type TokenStatus,
  tokenReport,
} from './token-report.ts';

/** The metrics of one reply, each 0 to 1; ROUGE as its F-measure. */
export interface ReplyScores {
  readonly rouge1: number;
  readonly rouge2: number;
  readonly rougeL: number;
  readonly bleu: number;
  readonly meteor: number;
  readonly meteorStages: readonly MeteorStage[];
}

/** Every metric that needs the two texts alone. `language` chooses METEOR's stems and synonyms. */
export function scoreReply(reference: string, hypothesis: string, language: MeteorLanguage): ReplyScores {
  const { rouge1, rouge2, rougeL } = rouge(reference, hypothesis);
  const { score, stages } = meteor(reference, hypothesis, language);
  return {
    rouge1: rouge1.fmeasure,
    rouge2: rouge2.fmeasure,
    rougeL: rougeL.fmeasure,
    bleu: sentenceBleu(reference, hypothesis),
    meteor: score,
    meteorStages: stages,
  };
}
