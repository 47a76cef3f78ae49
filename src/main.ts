/** `npm start`: reads the settings, checks the machine, opens the house, says where the door is. */
import { checkMachine, inspectMachine } from './check.ts';
import { loadEnvironmentFile, readConfig, systemLocale } from './config.ts';
import { UserError } from './errors.ts';
import { openFactory } from './factory.ts';
import type { DownloadProgress } from './hub/index.ts';
import { t, tDynamic } from './i18n/index.ts';
import { openLog } from './log.ts';

loadEnvironmentFile();
const locale = systemLocale(process.env);
try {
  const config = readConfig(process.env, process.argv.slice(2));
  checkMachine(inspectMachine(config.dataFolder));
  const factory = await openFactory(config, openLog(config.logLevel), sayDownload(config.brain));
  const { local } = factory;
  if (local) {
    const { url, joinCode, teacherCode } = local;
    console.log(t(locale, 'setup:local_open', { url, joinCode, teacherCode }));
    for (const lanUrl of local.lanUrls) console.log(t(locale, 'setup:local_lan', { url: lanUrl }));
  } else console.log(t(locale, 'setup:discord_open'));

  factory.lost.then(async (error) => {
    console.error(tDynamic(locale, `errors:${error.identifier}`, error.context));
    await factory.stop();
    process.exit(1);
  });
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, async () => {
      if (stopping) process.exit(1); // asked twice: now
      stopping = true;
      console.log(t(locale, 'setup:stopping'));
      await factory.stop();
      process.exit(0);
    });
  }
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(tDynamic(locale, `errors:${error.identifier}`, error.context));
  process.exit(1);
}

/** A line for every tenth of a download: it may go to a log file. */
function sayDownload(model: string): (progress: DownloadProgress) => void {
  let said = -1;
  return ({ bytes, totalBytes }) => {
    const tenth = Math.floor((10 * bytes) / Math.max(totalBytes, 1));
    if (tenth <= said) return;
    said = tenth;
    console.log(t(locale, 'setup:downloading', { model, percent: 10 * tenth, size: Math.ceil(totalBytes / 1e6) }));
  };
}
