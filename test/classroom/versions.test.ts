import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { decodeAdapter, readAdapterFolder, readSafetensors } from '../../src/formats/index.ts';
import {
  adapterBytes,
  ana,
  CLASS_ID,
  claim,
  createWorld,
  PLACE,
  refused,
  rosa,
  sharedBrain,
  type World,
} from './fixture.ts';

const shared = sharedBrain();

/** A class with v1 (from the base) and v2 (from v1), v2 in use. */
function withVersions(world: World) {
  world.classroom.member(rosa);
  const { store } = world;
  const add = (parentId: string | null, seed: number) =>
    store.versions.add({
      ...{ classId: CLASS_ID, parentId, jobId: null, base: shared.model, method: 'lora', note: 'classic' },
      adapter: adapterBytes(shared.brain, seed),
    });
  const v1 = add(null, 1);
  const v2 = add(v1.id, 2);
  store.classes.setCurrentVersion(CLASS_ID, v2.id);
  return world;
}

test('the base is v0; each version names the one it grew from, and which is in use', () => {
  const { classroom } = withVersions(createWorld(shared));
  expect(
    classroom.brains(CLASS_ID).map(({ number, parentNumber, current }) => [number, parentNumber, current]),
  ).toEqual([
    [0, null, false],
    [1, 0, false],
    [2, 1, true],
  ]);
});

test('a teacher uses any version, and rolls back step by step to the base', async () => {
  const { classroom, store } = withVersions(createWorld(shared));
  classroom.useVersion(rosa, 0);
  expect(classroom.currentVersion(CLASS_ID)).toBe(0);
  classroom.useVersion(rosa, 2);
  for (const number of [1, 0]) {
    classroom.rollback(rosa);
    expect(classroom.currentVersion(CLASS_ID)).toBe(number);
  }
  expect(await refused(() => classroom.rollback(rosa))).toBe('rollback_at_base');
  expect(store.audit.list(CLASS_ID).map((row) => row.action)).toContain('version_used');
});

test('a version is not changed under a training that a stopped sitting still waits for', async () => {
  const world = createWorld(shared);
  const { classroom } = world;
  classroom.consent(ana, true);
  const { id } = classroom.startSession(ana, PLACE);
  const turn = await classroom.say(ana, id, { text: 'hello there' });
  await classroom.rate(ana, turn.id, 0);
  claim(world);
  classroom.stopSession(ana, id);
  classroom.keepProgress(ana, id, true);
  expect(await refused(() => classroom.useVersion(rosa, 0))).toBe('version_busy');
  classroom.keepProgress(ana, id, false);
  expect(classroom.useVersion(rosa, 0)[0]).toMatchObject({ number: 0, current: true });
});

test('comparing asks the same words with the same seed; a version beside itself answers the same', async () => {
  const { classroom } = withVersions(createWorld(shared));
  const same = await classroom.compare(ana, 1, 1, 'what do you think?');
  expect(same.answers[0]!.reply).toBe(same.answers[1]!.reply);
  const different = await classroom.compare(ana, 0, 2, 'what do you think?');
  expect(different.answers.map((answer) => answer.versionNumber)).toEqual([0, 2]);
  expect(different.answers[0]!.reply).not.toBe(different.answers[1]!.reply);
});

test('comparing without words asks the class’s newest turn again', async () => {
  const { classroom, store } = withVersions(createWorld(shared));
  const { id } = classroom.startSession(ana, PLACE);
  const turn = await classroom.say(ana, id, { text: 'hello there' });
  const comparison = await classroom.compare(ana, 2, 0);
  expect(comparison).toMatchObject({ prompt: 'hello there', seed: store.turns.get(turn.id)!.seed });
  expect(comparison.answers[0]!.reply).toBe(turn.reply);
});

test('chatting answers with a version and keeps nothing', async () => {
  const { classroom, store } = withVersions(createWorld(shared));
  expect(await classroom.chat(ana, 'hello')).toMatchObject({ versionNumber: 2 });
  expect(await classroom.chat(ana, 'hello', 0)).toMatchObject({ versionNumber: 0, text: expect.any(String) });
  expect(store.turns.recentOf(CLASS_ID)).toEqual([]);
  expect(store.outbox.pending()).toEqual([]);
});

test('a trained version is exported as a peft adapter, the base as a model folder', async () => {
  const { classroom, store } = withVersions(createWorld(shared));
  const exported = await classroom.exportVersion(rosa, 2);
  expect(exported.files.map((file) => path.basename(file))).toEqual([
    'adapter_config.json',
    'adapter_model.safetensors',
  ]);
  const kept = decodeAdapter(store.versions.adapter(store.versions.byNumber(CLASS_ID, 2)!.id));
  expect(readAdapterFolder(exported.folder).tensors).toEqual(kept.tensors);
  expect(JSON.parse(readFileSync(exported.files[0]!, 'utf8'))).toMatchObject({
    peft_type: 'LORA',
    fan_in_fan_out: true,
  });

  const base = await classroom.exportVersion(rosa, 0);
  const names = base.files.map((file) => path.basename(file));
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) expect(names).toContain(name);
  const weights = readSafetensors(path.join(base.folder, 'model.safetensors')).tensors;
  expect([...weights.keys()].sort()).toEqual([...readSafetensors(shared.brain.weightsFile).tensors.keys()].sort());
});

test('a version of another base is refused, and so is a sitting that would need it', async () => {
  const { folder, classroom } = withVersions(createWorld(shared));
  const other = createWorld(shared, { folder, model: 'sprout' });
  expect(await refused(() => other.classroom.startSession(ana, PLACE))).toBe('version_other_base');
  expect(await refused(() => other.classroom.useVersion(rosa, 1))).toBe('version_other_base');
  other.classroom.useVersion(rosa, 0);
  expect(other.classroom.startSession(ana, PLACE).phase).toBe('ready');
  expect(classroom.currentVersion(CLASS_ID)).toBe(0);
});

test('the queue is shown in the order in which it will run', async () => {
  const world = createWorld(shared);
  const { classroom, store } = world;
  classroom.consent(ana, true);
  const { id } = classroom.startSession(ana, PLACE);
  const turn = await classroom.say(ana, id, { text: 'hello' });
  await classroom.rate(ana, turn.id, 0);
  const [job] = store.jobs.list();
  expect(classroom.queueView().entries).toMatchObject([{ jobId: job!.id, state: 'queued', position: 1 }]);
  store.jobs.claim('worker', 30_000);
  expect(classroom.queueView().entries).toMatchObject([{ jobId: job!.id, state: 'running', position: 0 }]);
  expect(classroom.job(job!.id)).toMatchObject({ state: 'running', verdict: null, etaSeconds: null });
});
