/** `npm run --silent brain -- COMMAND`: score, generate and train without Discord. `--help` lists the commands. */
import { runCommandLine } from './cli/index.ts';

process.exitCode = await runCommandLine(process.argv.slice(2));
