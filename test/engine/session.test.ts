/** Sessions that write into memory of ours, and nowhere else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Graph } from '../../src/engine/graph.ts';
import { openSession, runInto, Tensor } from '../../src/engine/session.ts';

const COUNT = 2 ** 22;

async function open() {
  const graph = new Graph();
  const x = graph.input('x', ['N']);
  graph.output('doubled', graph.mul(x, 2));
  graph.output('sum', graph.sum(x, [0]));
  return openSession(graph, { threads: 1, silent: true });
}

const filled = (value: number, count = COUNT) => new Tensor('float32', new Float32Array(count).fill(value), [count]);

test('a silent run writes its outputs where it was told to, and makes no other array of them', async () => {
  const session = await open();
  const feeds = { x: filled(3) };
  const results = { doubled: filled(0), sum: new Tensor('float32', new Float32Array(1), []) };
  await runInto(session, feeds, results);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 4; i++) await runInto(session, feeds, results);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * COUNT);
  expect((results.doubled.data as Float32Array).every((value) => value === 6)).toBe(true);
  expect(results.sum.data).toEqual(Float32Array.of(3 * COUNT));
  await session.release();
});

test('what goes wrong in a silent run is said', async () => {
  const session = await open();
  const results = { doubled: filled(0, 5), sum: new Tensor('float32', new Float32Array(1), []) };
  await expect(runInto(session, { x: filled(1, 7) }, results)).rejects.toThrow(/shape/i);
  await expect(runInto(session, {}, results)).rejects.toThrow(/x/);
  await session.release();
});

/** Opens a session as a class's computer does. */
const OPEN_ONE = `
import { Graph } from ${JSON.stringify(new URL('../../src/engine/graph.ts', import.meta.url))};
import { openSession } from ${JSON.stringify(new URL('../../src/engine/session.ts', import.meta.url))};
const graph = new Graph();
graph.output('y', graph.mul(graph.input('x', ['N']), 2));
await (await openSession(graph)).release();
`;

test('a session keeps no device identifier and no usage events in the home folder', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'session-home-'));
  try {
    // By PATH alone, as onnxruntime counts nothing where it takes the environment for a build server's.
    const env = { PATH: process.env.PATH, HOME: home, USERPROFILE: home, APPDATA: home, LOCALAPPDATA: home };
    execFileSync(process.execPath, ['--input-type=module', '-e', OPEN_ONE], { env });
    expect(readdirSync(home)).toEqual([]);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
});
