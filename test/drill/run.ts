/**
 * `npm run drill [-- store|sitting|formats|interop] [-- --kills N --mutants N --seed N]`: the long drills. Each prints what
 * it did as JSON and ends with code 1 when something acknowledged was lost or doubled, a damaged file was neither read nor refused, or
 * Python's libraries read other numbers than we do.
 */
import { parseArgs } from 'node:util';
import { drillFormats } from './formats.ts';
import { drillInterop } from './interop.ts';
import { drillSitting } from './sitting.ts';
import { drillStore } from './store.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string' }, mutants: { type: 'string' }, seed: { type: 'string' } },
});
const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
const drills: Record<string, (given: Record<string, number>) => Promise<{ offences: readonly string[] }>> = {
  store: drillStore,
  sitting: drillSitting,
  formats: drillFormats,
  interop: drillInterop,
};

for (const [name, drill] of Object.entries(drills)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`drill: ${name}`);
  const result = await drill(given);
  console.log(JSON.stringify(result, null, 2));
  if (result.offences.length > 0) process.exitCode = 1;
}
