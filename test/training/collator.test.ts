import { expect, test } from 'vitest';
import { collate, itemsIn, teaches, truncate } from '../../src/training/collator.ts';

test('rows are padded on the right, padding is not learnt', () => {
  const batch = collate([truncate({ inputIds: [5, 6, 7] }, 9), truncate({ inputIds: [8], labels: [-100] }, 9)], 1);
  expect([batch.batchSize, batch.length]).toEqual([2, 3]);
  expect([...batch.inputIds]).toEqual([5, 6, 7, 8, 1, 1]);
  expect([...batch.labels]).toEqual([5, 6, 7, -100, -100, -100]);
  expect([...batch.attentionMask]).toEqual([1, 1, 1, 1, 0, 0]);
});

test('labels default to the tokens themselves and are cut with them', () => {
  expect(truncate({ inputIds: [1, 2, 3] }, 2)).toEqual({ inputIds: [1, 2], labels: [1, 2] });
  expect(truncate({ inputIds: [1, 2, 3], labels: [-100, 2, 3] }, 2)).toEqual({ inputIds: [1, 2], labels: [-100, 2] });
});

test('labels of another length are refused', () => {
  expect(() => truncate({ inputIds: [1, 2], labels: [1] }, 9)).toThrow('a row of 2 tokens has 1 labels');
});

test('items are all labels but −100, the first one where the Trainer counts it; alone it teaches nothing', () => {
  expect(itemsIn({ inputIds: [1, 2, 3], labels: [1, -100, 3] }, true)).toBe(2);
  expect(itemsIn({ inputIds: [1, 2, 3], labels: [1, -100, 3] }, false)).toBe(1);
  expect(teaches({ inputIds: [1, 2, 3], labels: [1, -100, 3] })).toBe(true);
  expect(teaches({ inputIds: [1, 2], labels: [1, -100] })).toBe(false);
  expect(teaches({ inputIds: [1], labels: [1] })).toBe(false);
});
