/**
 * The two column kinds every table uses. Text is stored as UTF-8, so half a surrogate pair (which UTF-8 cannot hold)
 * becomes U+FFFD on its way in; JSON columns escape it and give it back unchanged.
 */
import { integer, text } from '../drizzle.ts';

/** A moment: milliseconds since 1970, from the caller's clock. */
export const moment = (name: string) => integer(name);

/** A value kept as JSON text. `unknown` ones belong to another room, which parses them again when reading. */
export const json = <T>(name: string) => text(name, { mode: 'json' }).$type<T>();
