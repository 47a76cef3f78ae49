/**
 * `npm run drill [-- store|sitting] [-- --kills N --seed N]`: the long crash drills. Each prints what it did as JSON and
 * ends with code 1 when something acknowledged was lost or doubled.
 */
import { parseArgs } from 'node:util';
import { drillSitting } from './sitting.ts';
import { drillStore } from './store.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string' }, seed: { type: 'string' } },
});
const given = {
  ...(values.kills === undefined ? {} : { kills: Number(values.kills) }),
  ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
};
const drills = { store: drillStore, sitting: drillSitting };

for (const [name, drill] of Object.entries(drills)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`drill: ${name}`);
  const result = await drill(given);
  console.log(JSON.stringify(result, null, 2));
  if (result.offences.length > 0) process.exitCode = 1;
}
