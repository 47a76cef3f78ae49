/** Opens a brain and asks it, printing what was measured as JSON: `node measure-serving.ts [sprout | FOLDER] [threads]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const [source = 'sprout', threads] = process.argv.slice(2);
const rows: { what: string; measured: string }[] = [];
const note = (what: string, measured: string) => rows.push({ what, measured });
const since = (start: number) => `${(performance.now() - start).toFixed(0)} ms`;
const resident = () => `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`;

note('Node alone, resident', resident());
const importing = performance.now();
const { openBrain } = await import('../../src/brain/index.ts');
note('loading the code', since(importing));
note('code loaded, resident', resident());

const dataFolder = mkdtempSync(path.join(tmpdir(), 'bench-'));
const options = { dataFolder, ...(threads === undefined ? {} : { threads: Number(threads) }) };
for (const visit of ['first opening, weights expanded', 'opening again']) {
  const start = performance.now();
  const visitor = await openBrain(source, options);
  note(visit, since(start));
  await visitor.dispose();
}

const brain = await openBrain(source, options);
const prompt = brain.info().hasTokenizer
  ? await brain.promptIds([], 'hello, how are you?', { language: 'en' })
  : [1, 2, 3];
const full = Array.from({ length: brain.window - 101 }, (_, i) => 20 + (i % 100));
for (const [what, ids] of [
  ['first token, cold', prompt],
  ['first token, warm', prompt],
  [`first token after ${full.length} tokens`, full],
] as const) {
  const start = performance.now();
  await brain.generate(ids, { maxNewTokens: 1, seed: 1 });
  note(what, since(start));
}

const speeds: number[] = [];
for (let seed = 1; seed <= 9; seed++) {
  const reply = await brain.generate(prompt, { maxNewTokens: 100, temperature: 1.5, seed });
  if (reply.outputIds.length > 10) speeds.push(reply.tokensPerSecond);
}
speeds.sort((a, b) => a - b);
note(
  'tokens a second, median reply',
  speeds.length === 0 ? 'none long enough' : speeds[speeds.length >> 1]!.toFixed(0),
);
note('after all this, resident', resident());
await brain.dispose();
rmSync(dataFolder, { recursive: true, force: true });
console.log(JSON.stringify(rows));
