/** The loss curve of a job, drawn in the worker and kept as a PNG beside the database; no words of anybody are in it. */
import { join } from 'node:path';
import { writeDurably } from '../formats/index.ts';
import { readerLocale, t } from '../i18n/index.ts';
import type { JobRow, Store } from '../store/index.ts';

const FOLDER = 'charts';

/**
 * Draws all steps of the job, those before an interruption included, and returns the file's name within the data folder.
 * Null where it could not be drawn: a training is worth more than its picture. The supervisor logs what is said here.
 */
export async function keepChart(store: Store, job: JobRow): Promise<string | null> {
  const name = `${job.id}.png`;
  try {
    writeDurably(join(store.folder, FOLDER, name), [await draw(store, job)]);
    return [FOLDER, name].join('/');
  } catch (error) {
    console.error(error);
    return null;
  }
}

async function draw(store: Store, job: JobRow): Promise<Uint8Array> {
  // Loaded here: drawing takes memory that training should not have to share.
  const { lossChart, svgToPng } = await import('../charts/index.ts');
  const locale = readerLocale(store.classes.get(job.classId)?.locale);
  const svg = await lossChart(store.jobSteps.of(job.id), {
    title: t(locale, 'training:chart_title'),
    step: t(locale, 'training:chart_step'),
    loss: t(locale, 'training:chart_loss'),
    gradNorm: t(locale, 'training:chart_grad_norm'),
    learningRate: t(locale, 'training:chart_learning_rate'),
    decimalMark: locale === 'pt-BR' ? ',' : '.',
  });
  return svgToPng(svg);
}
