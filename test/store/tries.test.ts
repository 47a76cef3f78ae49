/** Former replies of a turn, and which of its replies people find better. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Store } from '../../src/store/index.ts';
import { createReply, createSitting, createStore, undone } from './fixture.ts';

const PEOPLE = ['teacher', 'student'] as const;

type Move =
  /** Another try that comes to this reply, under this prompt; null: nobody may know the prompt any more. */
  | { kind: 'reply'; token: number; prompt: number | null }
  /** Somebody prefers one of the tries that are there. */
  | { kind: 'prefer'; who: (typeof PEOPLE)[number]; pick: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('reply' as const), token: fc.nat(4), prompt: fc.constant(1) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        ...{ kind: fc.constant('reply' as const), token: fc.nat(4) },
        prompt: fc.constantFrom(1, 2, null),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('prefer' as const), who: fc.constantFrom(...PEOPLE), pick: fc.nat(9) }),
    },
  ),
  { maxLength: 25 },
);

/** The same, thought out plainly: the distinct replies to the newest prompt in the order they last came. */
interface Model {
  made: number;
  prompt: number | null;
  tries: { number: number; token: number }[];
  preferred: Map<string, number>;
}

function replied(model: Model, token: number, prompt: number | null): Model {
  const made = model.made + 1;
  const anew = prompt === null || prompt !== model.prompt;
  const before = anew ? [] : model.tries.filter((one) => one.token !== token);
  return {
    ...{ made, prompt, tries: [...before, { number: made, token }] },
    preferred: anew ? new Map() : model.preferred,
  };
}

function played(store: Store, list: readonly Move[]): void {
  const { student, teacher, say } = createSitting(store);
  const members = { teacher, student };
  const turn = say('oi');
  let model: Model = { made: 0, prompt: null, tries: [], preferred: new Map() };
  for (const move of list) {
    if (move.kind === 'reply') {
      const { token, prompt } = move;
      const promptIds = prompt === null ? null : [7, prompt];
      store.turns.saveReply(turn.id, { ...createReply(`reply ${token}`), outputIds: [token], promptIds });
      model = replied(model, token, prompt);
    } else if (model.tries.length > 0) {
      const chosen = model.tries[move.pick % model.tries.length]!;
      store.tries.prefer({ turnId: turn.id, memberId: members[move.who].id, number: chosen.number });
      // A person prefers what was said, not its number.
      model.preferred.set(move.who, chosen.token);
    }
    expect(store.tries.ofTurn(turn.id).map(({ number, reply, outputIds }) => ({ number, reply, outputIds }))).toEqual(
      model.tries.slice(0, -1).map(({ number, token }) => ({ number, reply: `reply ${token}`, outputIds: [token] })),
    );
    const numberOf = new Map(model.tries.map(({ number, token }) => [token, number]));
    expect(
      Object.fromEntries(store.tries.preferencesOf(turn.id).map(({ memberId, number }) => [memberId, number])),
    ).toEqual(
      Object.fromEntries(
        [...model.preferred].map(([who, token]) => [members[who as 'teacher'].id, numberOf.get(token)]),
      ),
    );
  }
  expect(store.turns.get(turn.id)!.tries).toBe(model.made);
}

test('former tries are the other replies to the same prompt, each once; a choice stays with what was chosen', () => {
  const { store } = createStore();
  fc.assert(
    fc.property(moves, (list) => undone(store, () => played(store, list))),
    { numRuns: 200 },
  );
});

test('one choice a member and turn: choosing again replaces it', () => {
  const { store } = createStore();
  const { student, teacher, say } = createSitting(store);
  const turn = say('oi');
  for (const token of [3, 4]) store.turns.saveReply(turn.id, { ...createReply(`reply ${token}`), outputIds: [token] });
  for (const number of [1, 2, 1]) store.tries.prefer({ turnId: turn.id, memberId: student.id, number });
  store.tries.prefer({ turnId: turn.id, memberId: teacher.id, number: 2 });
  const choices = store.tries.preferencesOf(turn.id).map(({ memberId, number }) => [memberId, number]);
  expect(Object.fromEntries(choices)).toEqual({ [student.id]: 1, [teacher.id]: 2 });
});
