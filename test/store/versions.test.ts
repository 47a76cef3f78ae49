import { expect, test } from 'vitest';
import { createConnection, createSitting, createStore, userErrorOf } from './fixture.ts';

const origin = { classId: 'class', parentId: null, jobId: null, base: 'sprout', method: 'lora' as const, note: '' };

test('versions count from 1 in each class', () => {
  const { store } = createStore();
  createSitting(store);
  createSitting(store, 'other');
  const add = (classId: string) => store.versions.add({ ...origin, classId, adapter: new Uint8Array([1]) });
  const first = add('class');
  expect([first.number, add('other').number, add('class').number]).toEqual([1, 1, 2]);
  expect(store.versions.byNumber('class', 1)).toEqual(first);
  expect(store.versions.byNumber('class', 0)).toBeUndefined();
  expect(store.versions.list('class').map(({ number }) => number)).toEqual([1, 2]);
});

test('an adapter comes back byte for byte', () => {
  const { store } = createStore();
  createSitting(store);
  const bytes = Uint8Array.from({ length: 2_000_003 }, (_, index) => (index * 7919) & 255);
  const { id } = store.versions.add({ ...origin, adapter: bytes });
  expect(Buffer.from(bytes).equals(store.versions.adapter(id))).toBe(true);
});

test('a damaged adapter is refused with a sentence, wherever the damage is', () => {
  const { store, connection } = createConnection();
  createSitting(store);
  const { id, sha256 } = store.versions.add({ ...origin, adapter: new Uint8Array(1000).fill(7) });
  const bytes = Buffer.alloc(1000, 7);
  const put = connection.sqlite.prepare('UPDATE versions SET adapter = ?, sha256 = ?');
  for (const damage of [0, 500, 999]) {
    const damaged = Buffer.from(bytes);
    damaged[damage]! ^= 0x80;
    put.run(damaged, sha256);
    expect(userErrorOf(() => store.versions.adapter(id))).toBe('adapter_damaged');
  }
  put.run(bytes.subarray(0, 999), sha256);
  expect(userErrorOf(() => store.versions.adapter(id))).toBe('adapter_damaged');
  put.run(
    bytes,
    sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
  );
  expect(userErrorOf(() => store.versions.adapter(id))).toBe('adapter_damaged');
  put.run(bytes, sha256);
  expect(store.versions.adapter(id)).toHaveLength(1000);
});

test('a version holds an adapter or a weights file, never both or neither', () => {
  const { store } = createStore();
  createSitting(store);
  const { id } = store.versions.add({ ...origin, weightsFile: 'x.safetensors', weightsSha256: 'a'.repeat(64) });
  expect(() => store.versions.adapter(id)).toThrow(/no adapter/);
  const adapter = store.versions.add({ ...origin, adapter: new Uint8Array([1]) });
  expect(() => store.versions.weightsPath(adapter.id)).toThrow(/no weights file/);
  expect(() => store.versions.add({ ...origin, weightsFile: 'x', weightsSha256: 'short' })).toThrow(/constraint/);
});

test('a version has seen the words of its parents’ members too', () => {
  const { store } = createStore();
  const { student, teacher } = createSitting(store);
  const adapter = new Uint8Array([1]);
  const first = store.versions.add({ ...origin, adapter, memberIds: [student.id, 'nobody any more'] });
  const second = store.versions.add({ ...origin, adapter, parentId: first.id, memberIds: [teacher.id, teacher.id] });
  expect(store.versions.members(first.id)).toEqual([student.id]);
  expect(store.versions.members(second.id)).toEqual([student.id, teacher.id].sort());
});

test('only a version of the class can be put to use in it', () => {
  const { store } = createStore();
  createSitting(store);
  createSitting(store, 'other');
  const { id } = store.versions.add({ ...origin, adapter: new Uint8Array([1]) });
  store.classes.setCurrentVersion('class', id);
  expect(store.classes.get('class')?.currentVersionId).toBe(id);
  expect(() => store.classes.setCurrentVersion('other', id)).toThrow(/not of class/);
  store.classes.setCurrentVersion('class', null);
  expect(store.classes.get('class')?.currentVersionId).toBeNull();
});
