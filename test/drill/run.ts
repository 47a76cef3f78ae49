/**
 * `npm run drill [-- store|sitting|formats|interop|smollm2] [-- --kills N --mutants N --seed N --pictures FOLDER]`: the long
 * drills. Each prints what it did as JSON and ends with code 1 when something acknowledged was lost or doubled, a damaged file
 * was neither read nor refused, or Python's libraries read other numbers than we do.
 */
import { parseArgs } from 'node:util';
import { drillSmolLm2 } from '../sitting/smollm2.ts';
import { drillFormats } from './formats.ts';
import { drillInterop } from './interop.ts';
import { drillSitting } from './sitting.ts';
import { drillStore } from './store.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string' },
    mutants: { type: 'string' },
    seed: { type: 'string' },
    pictures: { type: 'string' },
  },
});
const { pictures, ...numbers } = values;
const given: { kills?: number; mutants?: number; seed?: number; pictures?: string } = Object.fromEntries(
  Object.entries(numbers).map(([name, value]) => [name, Number(value)]),
);
if (pictures !== undefined) given.pictures = pictures;
const drills: Record<string, (asked: typeof given) => Promise<{ offences: readonly string[] }>> = {
  store: drillStore,
  sitting: drillSitting,
  formats: drillFormats,
  interop: drillInterop,
  smollm2: drillSmolLm2,
};

for (const [name, drill] of Object.entries(drills)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`drill: ${name}`);
  const result = await drill(given);
  console.log(JSON.stringify(result, null, 2));
  if (result.offences.length > 0) process.exitCode = 1;
}
