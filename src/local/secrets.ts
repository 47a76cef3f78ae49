/**
 * Codes and tokens of the local classroom. A code is read aloud or copied from a board: 6 symbols of 31 that are hard to
 * confuse (no I, L, O, 0, 1). A token is 128 random bits and is kept only as a hash (the bot's excepted: the bot asks us for it).
 */
import { createHash, createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

export const CODE_SYMBOLS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
export const CODE_LENGTH = 6;

export function newCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_SYMBOLS[randomInt(CODE_SYMBOLS.length)]).join('');
}

/** A code as a person may type it ("k7m-2qp", "K7M 2QP"). */
export function normaliseCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

/** The shape of a Discord token (id, time, secret, in base64url), so that nothing that looks at tokens is surprised. */
export function newToken(userId: string, now: number): string {
  const time = Buffer.alloc(4);
  time.writeUInt32BE(Math.floor(now / 1000) % 2 ** 32);
  return [
    Buffer.from(userId).toString('base64url'),
    time.toString('base64url'),
    randomBytes(20).toString('base64url'),
  ].join('.');
}

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Equality that takes as long for a near miss as for a far one. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

export function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex').slice(0, 32);
}
