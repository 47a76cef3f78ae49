/**
 * Who is in the class: the bot, teachers and students; their tokens and return codes. Users are few and asked for with
 * every message, so they are held in memory beside their table.
 */
import { type Database, eraseRemains, holdsRemains } from './database.ts';
import { permissionsOf, type Role } from './permissions.ts';
import { hashOf, newToken } from './secrets.ts';
import { snowflakeTime } from './snowflake.ts';

export interface User {
  id: string;
  username: string;
  name: string;
  role: Role;
  locale: string;
  returnCodeHash: string | null;
  isMember: boolean;
}

interface UserRow extends Omit<User, 'returnCodeHash' | 'isMember'> {
  return_code_hash: string | null;
  is_member: number;
}

export class People {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #users = new Map<string, User>();
  readonly #tokens = new Map<string, string>();

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    for (const row of database.prepare<[], UserRow>('SELECT * FROM users ORDER BY id').all()) {
      const { return_code_hash, is_member, ...rest } = row;
      this.#users.set(row.id, { ...rest, returnCodeHash: return_code_hash, isMember: is_member === 1 });
    }
    const tokens = database.prepare<[], { hash: string; user_id: string }>('SELECT hash, user_id FROM tokens').all();
    for (const { hash, user_id } of tokens) this.#tokens.set(hash, user_id);
  }

  add(user: Omit<User, 'username' | 'isMember'>): User {
    // A bot is called as it is; people have a handle besides their name.
    const username = user.role === 'bot' ? user.name : this.#freeUsername(user.name);
    const added: User = { ...user, username, isMember: true };
    this.#users.set(added.id, added);
    this.save(added);
    return added;
  }

  save(user: User): void {
    this.#database
      .prepare(
        `INSERT INTO users (id, username, name, role, locale, return_code_hash, is_member) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, locale = excluded.locale,
           return_code_hash = excluded.return_code_hash, is_member = excluded.is_member`,
      )
      .run(user.id, user.username, user.name, user.role, user.locale, user.returnCodeHash, user.isMember ? 1 : 0);
  }

  get(id: string): User | null {
    return this.#users.get(id) ?? null;
  }

  member(id: string): User | null {
    const user = this.get(id);
    return user?.isMember ? user : null;
  }

  members(): User[] {
    return [...this.#users.values()].filter((user) => user.isMember);
  }

  people(): User[] {
    return this.members().filter((user) => user.role !== 'bot');
  }

  /** The member called `name`, whatever the case and the accents' spelling. */
  named(name: string): User | null {
    const wanted = sameName(name);
    return this.people().find((user) => sameName(user.name) === wanted) ?? null;
  }

  /** A new token for a user; it is shown once and kept as a hash. */
  issueToken(userId: string): string {
    const token = newToken(userId, this.#now());
    const hash = hashOf(token);
    this.#database
      .prepare('INSERT INTO tokens (hash, user_id, created_at) VALUES (?, ?, ?)')
      .run(hash, userId, this.#now());
    this.#tokens.set(hash, userId);
    return token;
  }

  /** A token kept elsewhere (the bot's). */
  learnToken(token: string, userId: string): void {
    this.#tokens.set(hashOf(token), userId);
  }

  byToken(token: string): User | null {
    const id = this.#tokens.get(hashOf(token));
    return id === undefined ? null : this.member(id);
  }

  revokeToken(token: string): void {
    const hash = hashOf(token);
    this.#tokens.delete(hash);
    this.#database.prepare('DELETE FROM tokens WHERE hash = ?').run(hash);
  }

  /** Leaves the class: what was said stays, no token works any more. */
  remove(user: User): void {
    user.isMember = false;
    const leave = this.#database.transaction(() => {
      this.save(user);
      this.#forgetTokens(user.id);
    });
    leave.immediate();
  }

  /** Leaves the class and takes every word along: messages, files, memberships. */
  erase(user: User): void {
    const erase = this.#database.transaction(() => {
      this.#forgetTokens(user.id);
      this.#database.prepare('DELETE FROM users WHERE id = ?').run(user.id);
      holdsRemains(this.#database);
    });
    erase.immediate();
    this.#users.delete(user.id);
    eraseRemains(this.#database);
  }

  #forgetTokens(userId: string): void {
    this.#database.prepare('DELETE FROM tokens WHERE user_id = ?').run(userId);
    for (const [hash, owner] of this.#tokens) if (owner === userId) this.#tokens.delete(hash);
  }

  /** A unique handle of Discord's kind (lower case, no accents) out of a name. */
  #freeUsername(name: string): string {
    const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
    const base =
      plain
        .replaceAll(/[^a-z0-9_.]+/g, '_')
        .replaceAll(/^_+|_+$/g, '')
        .slice(0, 28) || 'student';
    const taken = new Set([...this.#users.values()].map((user) => user.username));
    for (let number = 1; ; number++) {
      const candidate = number === 1 ? base : `${base}_${number}`;
      if (!taken.has(candidate)) return candidate;
    }
  }
}

function sameName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** A name as it may stand in the class: one line, no control or direction marks, 1–32 characters. Null if nothing is left. */
export function cleanName(typed: string): string | null {
  const name = typed
    .normalize('NFC')
    .replaceAll(/[\p{C}\u2028\u2029]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return name.length >= 1 && name.length <= 32 ? name : null;
}

export function userJson(user: User) {
  const isBot = user.role === 'bot';
  return {
    id: user.id,
    username: user.username,
    discriminator: isBot ? '0000' : '0',
    global_name: isBot ? null : user.name,
    avatar: null,
    bot: isBot,
    system: false,
    public_flags: 0,
    flags: 0,
  };
}

/** @param roles the ids of the guild's roles that go with a role of ours */
export function memberJson(user: User, roles: RoleIds) {
  return {
    user: userJson(user),
    nick: null,
    avatar: null,
    banner: null,
    roles: roleIdsOf(user.role, roles),
    joined_at: new Date(snowflakeTime(user.id)).toISOString(),
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
    communication_disabled_until: null,
  };
}

/** The member of an interaction, with its permissions in the channel. */
export function interactionMemberJson(user: User, roles: RoleIds) {
  return { ...memberJson(user, roles), permissions: permissionsOf(user.role).toString() };
}

export interface RoleIds {
  everyone: string;
  teacher: string;
  bot: string;
}

function roleIdsOf(role: Role, roles: RoleIds): string[] {
  if (role === 'student') return [];
  return [role === 'teacher' ? roles.teacher : roles.bot];
}
