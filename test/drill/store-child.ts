/**
 * The process the store's drill kills: it does the store's own work without pause and writes a line to stdout after each
 * commit. A line that was read is a promise the database has to keep. Started by store.ts, never by hand.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/engine/random.ts';
import { openStoreWith, replaceFileDurably, type Store } from '../../src/store/index.ts';

/** What the child has done and committed. */
export type Acknowledgement =
  | { did: 'open' | 'opened' }
  | { did: 'say'; turnId: string; text: string; eventId: number }
  | { did: 'answer'; turnId: string; reply: string }
  | { did: 'rate'; turnId: string; value: number }
  | { did: 'enqueue'; jobId: string }
  | { did: 'step'; jobId: string; step: number; loss: number }
  | { did: 'checkpoint'; jobId: string; file: string; bytes: number }
  | { did: 'finish'; jobId: string; versionId: string; number: number }
  | { did: 'deliver'; eventId: number; messageId: string }
  | { did: 'weights'; file: string };

// Straight to the descriptor: a stream could hold the line back, or lose it.
const acknowledge = (line: Acknowledgement) => writeSync(1, `${JSON.stringify(line)}\n`);

const [folder = '', migrationsFolder = '', seed = '0'] = process.argv.slice(2);
const random = seededRandom(Number(seed)).uniform;
const unique = () => `${seed}-${count++}`;
let count = 0;

acknowledge({ did: 'open' });
const store = openStoreWith({ folder, migrationsFolder, now: Date.now, migrate: true });
acknowledge({ did: 'opened' });
const { student, sessionId, iterationId } = enterClass(store);
for (;;) doSomething();

function enterClass({ classes, members, sessions, iterations, transaction }: Store) {
  return transaction(() => {
    classes.ensure({ id: 'class', name: 'Turma', locale: 'pt-BR' });
    const student = members.ensure({ classId: 'class', userId: 'student', name: 'Zé' });
    const [open] = sessions.openIn('class');
    const place = { classId: 'class', startedBy: student.id, channelId: 'channel' };
    const sessionId = (open ?? sessions.create({ ...place, phase: 'ready', state: {} })).id;
    const iterationId = (iterations.bySession(sessionId)[0] ?? iterations.append({ sessionId })).id;
    return { student, sessionId, iterationId };
  });
}

function doSomething() {
  const kinds = [converse, converse, enqueue, train, deliver, keepWeights];
  kinds[Math.floor(random() * kinds.length)]!();
}

/** A turn with its event, its reply, its rating: three commits. */
function converse() {
  const turnId = unique();
  const text = `words ${turnId} `.repeat(1 + Math.floor(random() * 40));
  const choices = { intent: 'ask', emotion: 'neutral', language: 'pt', choicesGuessed: true };
  const eventId = store.transaction(() => {
    const place = { classId: 'class', sessionId, iterationId, memberId: student.id };
    store.turns.append({ id: turnId, ...place, text, ...choices });
    return store.outbox.add({ classId: 'class', sessionId, kind: 'turn_answering', payload: { turnId } });
  });
  acknowledge({ did: 'say', turnId, text, eventId });
  const reply = `a reply to ${turnId}`;
  const numbers = {
    seed: 1,
    promptIds: [1, 2, 3],
    outputIds: [4],
    tokenLogprobs: [-1],
    seconds: 1,
    tokensPerSecond: 1,
  };
  store.turns.saveReply(turnId, { reply, versionId: null, ...numbers, scores: {} });
  acknowledge({ did: 'answer', turnId, reply });
  const value = random();
  store.ratings.add({ turnId, memberId: student.id, value });
  acknowledge({ did: 'rate', turnId, value });
}

function enqueue() {
  const generation = { maxNewTokens: 1, temperature: 1, topK: 1, topP: 1, repetitionPenalty: 1, seed: 1 };
  const recipe = {
    base: 'sprout',
    recipe: 'classic',
    method: 'lora',
    lora: { r: 8, alpha: 16 },
    args: {},
    seed: 1,
  } as const;
  const probe = { promptIds: [], replyIds: [], generation };
  const payload = { ...recipe, trainingText: 'words', memberIds: [student.id], probe };
  const jobId = unique();
  store.jobs.enqueue({ id: jobId, classId: 'class', sessionId, turnId: null, fromVersionId: null, payload });
  acknowledge({ did: 'enqueue', jobId });
}

/** Takes a job (an earlier child's included: its lease is long over) through a checkpoint to a version. */
function train() {
  const worker = `worker ${process.pid} ${seed}`;
  const job = store.jobs.claim(worker, 1);
  if (!job) return;
  for (let step = 1; step <= 3; step++) {
    const loss = random();
    store.jobs.step(job.id, worker, { step, totalSteps: 3, loss, gradNorm: 1, learningRate: 5e-5, epoch: step });
    acknowledge({ did: 'step', jobId: job.id, step, loss });
  }
  const { file } = store.files.writeWeights(randomBytes(20_000));
  replaceFileDurably(join(folder, `${job.id}.checkpoint`), randomBytes(5000));
  store.jobs.checkpoint(job.id, worker, `${job.id}.checkpoint`);
  acknowledge({ did: 'checkpoint', jobId: job.id, file: `${job.id}.checkpoint`, bytes: 5000 });
  const version = store.jobs.finish(job.id, worker, {
    version: random() < 0.5 ? { adapter: randomBytes(30_000), note: '' } : { ...weightsOf(file), note: '' },
    summary: { trainLoss: 1 },
    push: {},
  });
  acknowledge({ did: 'finish', jobId: job.id, versionId: version.id, number: version.number });
}

function weightsOf(file: string) {
  return { weightsFile: file, weightsSha256: file.slice(0, 64) };
}

function deliver() {
  const [event] = store.outbox.pending();
  if (!event) return;
  const messageId = unique();
  store.outbox.delivered(event.id, { channelId: 'channel', messageId });
  acknowledge({ did: 'deliver', eventId: event.id, messageId });
}

function keepWeights() {
  acknowledge({ did: 'weights', file: store.files.writeWeights(randomBytes(200_000)).file });
}

/** Bytes no other call gives, cheaply: one random number, counted on. */
function randomBytes(length: number): Uint8Array {
  const bytes = new Uint32Array(length / 4).fill(random() * 2 ** 32).map((start, index) => start + index);
  return new Uint8Array(bytes.buffer);
}
