/**
 * Puts the house together: store, brain, trainer, classroom, and one front door. Nothing here knows how any of them works.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { BertScorer, type Brain, EXACT_ENCODERS, type FoundModel, openBrain, pinnedSprout } from './brain/index.ts';
import { Classroom } from './classroom/index.ts';
import type { Config } from './config.ts';
import { startBot } from './discord/index.ts';
import { UserError } from './errors.ts';
import { type DownloadProgress, downloadModel, parseHubId } from './hub/index.ts';
import { type LocalServer, startLocalServer } from './local/index.ts';
import { openStore } from './store/index.ts';
import { startSupervisor } from './training/index.ts';

export interface Factory {
  /** The local classroom, when that is the front door. */
  local: LocalServer | null;
  /** Resolves when Discord closed the connection for good, with the reason. */
  lost: Promise<UserError>;
  /** Process id of the worker that trains now, or null. */
  workerPid(): number | null;
  /** Lets running work reach a safe place, then closes everything. */
  stop(): Promise<void>;
}

/**
 * @param onDownload told how far the download of a brain from the hub is, where there is one.
 * @throws UserError of whichever room finds that it cannot open; what was opened before it is closed again.
 */
export async function openFactory(
  config: Config,
  log: Logger,
  onDownload?: (progress: DownloadProgress) => void,
): Promise<Factory> {
  const closers: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const store = openStore({ folder: config.dataFolder });
    closers.push(() => store.close());

    const local = config.discordToken === '' ? await openLocalClassroom(config) : null;
    if (local) closers.push(() => local.stop());

    const threads = config.threads === undefined ? {} : { threads: config.threads };
    const model = await modelOf(config, onDownload);
    const brain = await openBrainOf(config, model, threads);
    closers.push(() => brain.dispose());
    // People speak in words: a brain that takes numbers only is better refused now than at their first turn.
    brain.tokenizer.encode('hello');

    const bertScorer = new BertScorer({
      resolveModel: (id) => findEncoder(config, id),
      dataFolder: config.dataFolder,
      onTrouble: (error, model) => log.warn({ err: error, model }, 'exact BERTScore is not to be had for now'),
      ...threads,
    });
    closers.push(() => bertScorer.dispose());

    // Nobody's text comes from Discord in the local classroom, so Discord's agreement is not asked for there.
    const declarationRequired = local === null;
    const classroom: Classroom = new Classroom({
      store,
      brain,
      model,
      drawing: brain.drawing,
      declarationRequired,
      bertScorer,
      wakeTraining: () => supervisor.wake(),
      log,
    });
    const supervisor = startSupervisor({
      store,
      dataFolder: config.dataFolder,
      precision: config.precision,
      onChange: (jobId) => classroom.jobChanged(jobId),
      logger: log,
      ...threads,
    });
    closers.push(() => supervisor.stop());
    closers.push(() => classroom.close());

    const bot = await startBot({
      token: local?.botToken ?? config.discordToken,
      apiUrl: local?.apiUrl ?? config.discordApiUrl,
      declarationRequired,
      messageContent: local !== null || config.messageContent,
      dataFolder: config.dataFolder,
      // Discord wants 5 s between identifies; our own server does not mind.
      ...(local === null ? {} : { identifySpacing: 0 }),
      classroom,
      store,
      logger: log,
    });
    closers.push(() => bot.stop());
    classroom.resumeAll();
    return { local, lost: bot.lost, workerPid: () => supervisor.workerPid(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * What BRAIN names, as `openBrain` takes it. A model of the hub is downloaded once, and named with its commit from then on, the
 * embedded one with its edition: a class's versions stay with the weights they grew from, even when there are newer ones.
 * @throws UserError those of `downloadModel`.
 */
async function modelOf({ brain, hub }: Config, onProgress?: (progress: DownloadProgress) => void): Promise<string> {
  if (brain === 'sprout') return pinnedSprout();
  if (existsSync(brain) || parseHubId(brain) === null) return brain;
  const options = { settings: hub, cachedFirst: true, ...(onProgress === undefined ? {} : { onProgress }) };
  return (await downloadModel(brain, options)).pinned;
}

/** @throws UserError brain_missing naming the setting, and those of `openBrain`. */
async function openBrainOf(
  { brain, dataFolder, precision }: Config,
  model: string,
  threads: { threads?: number },
): Promise<Brain> {
  try {
    return await openBrain(model, { dataFolder, precision, ...threads });
  } catch (error) {
    if (!(error instanceof UserError) || error.identifier !== 'file_missing') throw error;
    throw new UserError('brain_missing', { brain, ...error.context }, { cause: error });
  }
}

function openLocalClassroom(config: Config): Promise<LocalServer> {
  return startLocalServer({
    port: config.port,
    host: config.lan ? '0.0.0.0' : '127.0.0.1',
    dataFolder: config.dataFolder,
    locale: config.classLocale,
    guildName: config.className,
  });
}

/**
 * The encoder's folder: the one that was set, else the hub's, downloaded once.
 * @throws UserError those of `downloadModel`.
 */
async function findEncoder({ bertscore, hub }: Config, id: string): Promise<FoundModel> {
  const folder = id === EXACT_ENCODERS.en.id ? bertscore.en : bertscore.multilingual;
  if (folder !== undefined) return { folder, name: path.basename(path.resolve(folder)) };
  const model = await downloadModel(id, { settings: hub, cachedFirst: true });
  return { folder: model.folder, name: path.posix.basename(id) };
}
