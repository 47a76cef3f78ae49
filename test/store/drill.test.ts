import { expect, test } from 'vitest';
import { drillStore } from '../drill/store.ts';

// The short form of `npm run drill store`, which kills 200 times.
test('killed at random moments, the store keeps every acknowledged write exactly once', async () => {
  const summary = await drillStore({ kills: 12, seed: 20_260_101 });
  expect(summary.offences).toEqual([]);
  expect(summary.kills).toBe(12);
  expect(summary.acknowledged.say).toBeGreaterThan(0);
}, 180_000);
