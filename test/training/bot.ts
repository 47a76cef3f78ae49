/** A bot with nothing but its trainer, for tests that kill it: `bot.ts <data folder>`. Says the worker's process id. */
import { openStore } from '../../src/store/index.ts';
import { startSupervisor } from '../../src/training/index.ts';

const dataFolder = process.argv[2] ?? '';
const store = openStore({ folder: dataFolder });
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const supervisor = startSupervisor({
  store,
  dataFolder,
  threads: 1,
  logger: quiet,
  onChange: () => process.send?.(supervisor.workerPid()),
});
// Lives until it is killed.
setInterval(() => {}, 60_000);
