import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createJob, createPayload, createReply, createSitting, createStore } from './fixture.ts';

test('a class is one row however often it is seen; its name follows, its language does not', () => {
  const { store, clock } = createStore();
  const first = store.classes.ensure({ id: '1', name: 'Turma 7B', locale: 'pt-BR' });
  clock.now += 5;
  expect(store.classes.ensure({ id: '1', name: 'Turma 8B', locale: 'en' })).toEqual({ ...first, name: 'Turma 8B' });
  store.classes.setLocale('1', 'en');
  expect(store.classes.list()).toEqual([{ ...first, name: 'Turma 8B', locale: 'en' }]);
  expect(store.classes.get('2')).toBeUndefined();
});

test('a declaration keeps its date, its author and its wording', () => {
  const { store, clock } = createStore();
  const { teacher } = createSitting(store);
  store.classes.declare('class', { memberId: teacher.id, wording: 'Discord allowed it.' });
  const declaration = { declaredAt: clock.now, declaredBy: teacher.id, declarationWording: 'Discord allowed it.' };
  expect(store.classes.get('class')).toMatchObject(declaration);
});

test('a member is one row a class and person; a role once given stays until another is', () => {
  const { store } = createStore();
  const { student, teacher } = createSitting(store);
  createSitting(store, 'other');
  expect(store.members.find('class', 'student')).toEqual(student);
  expect(store.members.find('other', 'student')?.id).not.toBe(student.id);
  expect(store.members.ensure({ classId: 'class', userId: 'teacher', name: 'Rosa' })).toEqual({
    ...teacher,
    name: 'Rosa',
  });
  expect(store.members.ensure({ classId: 'class', userId: 'student', name: 'Zé', role: 'teacher' }).role).toBe(
    'teacher',
  );
  expect(store.members.inClass('class')).toHaveLength(2);
});

test('the newest answer to the consent question counts, and the older ones stay', () => {
  const { store } = createStore();
  const { student, teacher } = createSitting(store);
  expect(store.consents.current(student.id)).toBe('unknown');
  const answer = { memberId: student.id, textVersion: '2026-01', recordedBy: teacher.id };
  store.consents.record({ ...answer, granted: true });
  expect(store.consents.current(student.id)).toBe('granted');
  store.consents.record({ ...answer, granted: false, recordedBy: student.id });
  expect(store.consents.current(student.id)).toBe('refused');
  expect(store.consents.history(student.id).map(({ granted }) => granted)).toEqual([true, false]);
});

test('settings give back any JSON as it was set', () => {
  const { store } = createStore();
  store.classes.ensure({ id: 'class', name: 'Turma', locale: 'en' });
  const property = fc.property(fc.string(), fc.jsonValue(), (key, value) => {
    store.settings.set('class', key, value);
    expect(store.settings.get('class')[key.toWellFormed()]).toEqual(JSON.parse(JSON.stringify(value)));
  });
  // In one transaction: flushing every write to the disk would take most of the time.
  store.transaction(() => fc.assert(property));
});

test('a session is open until it ends, and again once it is resumed', () => {
  const { store, clock } = createStore();
  const { session } = createSitting(store);
  expect(store.sessions.openIn('class')).toEqual([session]);
  expect(store.sessions.lastStopped('class', 'channel')).toBeUndefined();
  clock.now += 5;
  store.sessions.save(session.id, { phase: 'ended', state: { turns: 3 } });
  expect(store.sessions.openIn('class')).toEqual([]);
  expect(store.sessions.lastStopped('class', 'channel')).toMatchObject({ id: session.id, endedAt: clock.now });
  expect(store.sessions.lastStopped('class', 'elsewhere')).toBeUndefined();
  store.sessions.save(session.id, { phase: 'ready', state: { turns: 3 } });
  expect(store.sessions.open()).toMatchObject([{ id: session.id, endedAt: null, state: { turns: 3 } }]);
});

test('one thread holds one open session; after it ended, another', () => {
  const { store, clock } = createStore();
  const { session, teacher } = createSitting(store);
  const row = { classId: 'class', startedBy: teacher.id, channelId: 'channel', phase: 'ready', state: {} };
  store.sessions.setThread(session.id, 'thread');
  expect(() => store.sessions.create({ ...row, threadId: 'thread' })).toThrow(/UNIQUE/);
  expect(store.sessions.byThread('thread')?.id).toBe(session.id);
  store.sessions.save(session.id, { phase: 'ended', state: {} });
  clock.now += 5;
  const second = store.sessions.create({ ...row, threadId: 'thread' });
  expect(store.sessions.byThread('thread')?.id).toBe(second.id);
  // Sessions without a thread are none of each other's business.
  expect(store.sessions.create(row).id).not.toBe(store.sessions.create(row).id);
});

test('iterations count up within their session and close once', () => {
  const { store, clock } = createStore();
  const { session, iteration } = createSitting(store);
  expect(store.iterations.append({ sessionId: session.id }).number).toBe(2);
  store.iterations.close(iteration.id, { averages: { rouge: 0.5 }, versionId: null });
  const closed = store.iterations.get(iteration.id);
  clock.now += 5;
  store.iterations.close(iteration.id, { averages: { rouge: 0.9 }, versionId: null });
  expect(store.iterations.get(iteration.id)).toEqual(closed);
  expect(store.iterations.bySession(session.id).map(({ number }) => number)).toEqual([1, 2]);
});

test('a turn waits, is answered, is answered again; its number is its place in the session', () => {
  const { store, clock } = createStore();
  const { session, iteration, say } = createSitting(store);
  const first = say('oi');
  expect(first).toMatchObject({ number: 1, state: 'answering', tries: 0, reply: null, choicesGuessed: true });
  clock.now += 5;
  const answered = store.turns.saveReply(first.id, createReply('olá'));
  expect(answered).toMatchObject({ ...createReply('olá'), state: 'answered', tries: 1, answeredAt: clock.now });
  expect(store.turns.reopen(first.id)).toMatchObject({ state: 'answering', reply: 'olá' });
  expect(store.turns.saveReply(first.id, createReply('opa'))).toMatchObject({ reply: 'opa', tries: 2 });
  const second = say('tudo bem?');
  expect(second.number).toBe(2);
  expect(store.turns.fail(second.id, { identifier: 'disk_full', context: { path: 'x' } }).state).toBe('failed');
  const choices = { intent: 'agree', emotion: 'happy', language: 'en' };
  expect(store.turns.revise(second.id, choices)).toMatchObject({ ...choices, choicesGuessed: false });
  store.turns.setMessage(second.id, 'message');
  expect(store.turns.byMessage('message')?.id).toBe(second.id);
  expect(store.turns.bySession(session.id).map(({ number }) => number)).toEqual([1, 2]);
  expect(store.turns.byIteration(iteration.id)).toHaveLength(2);
  expect(store.turns.recentOf('class', 1).map(({ number }) => number)).toEqual([2]);
  expect(() => store.turns.setMessage('nothing', 'message')).toThrow(/no turn/);
});

test('a member rates a turn once: the second rating is refused and the first stands', () => {
  const { store } = createStore();
  const { student, teacher, say } = createSitting(store);
  const turn = say('oi');
  expect(store.ratings.add({ turnId: turn.id, memberId: student.id, value: 0.25 })).toBe('added');
  expect(store.ratings.add({ turnId: turn.id, memberId: student.id, value: 1 })).toBe('already_rated');
  expect(store.ratings.add({ turnId: turn.id, memberId: teacher.id, value: 1 })).toBe('added');
  const values = new Map(store.ratings.ofTurn(turn.id).map(({ memberId, value }) => [memberId, value]));
  expect(values).toEqual(
    new Map([
      [student.id, 0.25],
      [teacher.id, 1],
    ]),
  );
});

test('a member keeps one correction a turn, the last they wrote', () => {
  const { store, clock } = createStore();
  const { student, teacher, say } = createSitting(store);
  const turn = say('oi');
  store.corrections.add({ turnId: turn.id, memberId: student.id, text: 'olá' });
  clock.now += 5;
  store.corrections.add({ turnId: turn.id, memberId: teacher.id, text: 'bom dia' });
  clock.now += 5;
  store.corrections.add({ turnId: turn.id, memberId: student.id, text: 'olá!' });
  expect(store.corrections.ofTurn(turn.id).map(({ text }) => text)).toEqual(['bom dia', 'olá!']);
});

test('any text comes back as it was written, save half a surrogate pair, which becomes U+FFFD', () => {
  const { store } = createStore();
  const { say } = createSitting(store);
  const words = fc.string({ unit: 'binary', maxLength: 60 }); // every 16-bit unit, lone halves included
  const property = fc.property(words, words, (text, reply) => {
    const { id } = say(text);
    const row = store.turns.saveReply(id, { ...createReply(reply), scores: { words: [reply] } });
    expect(row).toMatchObject({ text: text.toWellFormed(), reply: reply.toWellFormed() });
    // JSON escapes a lone half, so it survives there.
    expect(row.scores).toEqual({ words: [reply] });
    expect(store.turns.get(id)).toEqual(row);
  });
  const examples: [string, string][] = [
    ['\ud800 lone', 'lone \udc00'],
    ['nul \0 inside', '👩‍👩‍👧 e\u0301 ç'],
    ['', '\ufeff'],
  ];
  store.transaction(() => fc.assert(property, { examples }));
});

test('a job’s payload comes back as it was enqueued', () => {
  const { store } = createStore();
  createSitting(store);
  const payload = createPayload({ trainingText: 'o céu é azul \ud83d', turnIds: ['1', '2'], memberIds: ['a'] });
  expect(store.jobs.get(store.jobs.enqueue(createJob({ payload })))?.payload).toEqual(payload);
});

test('the audit remembers who did what, newest first', () => {
  const { store } = createStore();
  const { teacher } = createSitting(store);
  store.audit.add({ classId: 'class', memberId: teacher.id, action: 'session_started' });
  store.audit.add({ classId: 'class', memberId: null, action: 'backup_made', details: { bytes: 9 } });
  const entries = store.audit.list('class').map(({ action, memberId, details }) => [action, memberId, details]);
  expect(entries).toEqual([
    ['backup_made', null, { bytes: 9 }],
    ['session_started', teacher.id, {}],
  ]);
});
