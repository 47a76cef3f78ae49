/** What deleted rows leave in the classroom's file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/local/database.ts';
import { People } from '../../src/local/people.ts';
import { temporaryFolder } from './classroom.ts';

/** A class of two whose messages grew and shrank, so that rows moved between pages; `ana` wrote SECRET in hers. */
function createHistory(lengths: readonly number[]) {
  const folder = temporaryFolder();
  const database = openDatabase(folder);
  const people = new People(database, () => 1_700_000_000_000);
  const person = (name: string) =>
    people.add({ id: name, name, role: 'student', locale: 'pt-BR', returnCodeHash: null });
  const [ana, rui] = [person('ana'), person('rui')];
  database.prepare("INSERT INTO channels (id, type, name) VALUES ('c', 0, 'general')").run();
  const insert = database.prepare(
    "INSERT INTO messages (id, channel_id, author_id, type, body) VALUES (?, 'c', ?, 0, ?)",
  );
  const edit = database.prepare('UPDATE messages SET body = ? WHERE id = ?');
  const write = database.transaction(() => {
    lengths.forEach((length, index) => {
      const author = index % 3 ? ana : rui;
      const words = (author === ana ? 'SECRET ' : 'public ').repeat(Math.ceil(length / 7));
      insert.run(`message-${index}`, author.id, words);
      edit.run(words.repeat(2), `message-${index}`);
      edit.run(words.slice(0, 20), `message-${index}`);
    });
  });
  write.immediate();
  const leftovers = () => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes('SECRET'));
  return { database, people, ana, folder, leftovers };
}

test('erasing somebody leaves none of their words in the unused parts of pages', () => {
  const sizes = fc.array(fc.nat({ max: 9000 }), { minLength: 30, maxLength: 60, size: 'max' });
  const property = fc.property(sizes, (lengths) => {
    const { database, people, ana, leftovers } = createHistory(lengths);
    people.erase(ana);
    expect(leftovers()).toEqual([]);
    database.close();
  });
  fc.assert(property, { numRuns: 15 });
});
