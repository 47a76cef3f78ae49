/** What reading a config.json has in common for all architectures. Unknown keys are kept in `raw`. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';

/** The contents of a config.json: keys and values as they stand. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** What every parsed configuration holds. */
export interface CommonConfig {
  readonly vocabSize: number;
  readonly eosTokenId: number;
  readonly bosTokenId: number;
  /** config.json as it was read. */
  readonly raw: Record<string, unknown>;
}

export const size = z.number().int().positive();

/** Newer models end a reply with any of several tokens. */
export const tokenIds = z.union([z.number().int().nonnegative(), z.array(z.number().int().nonnegative()).min(1)]);

export function firstId(ids: z.infer<typeof tokenIds> | null | undefined, otherwise: number): number {
  return (typeof ids === 'object' ? ids?.[0] : ids) ?? otherwise;
}

/** @throws UserError model_config_wrong {key, problem}. */
export function asObject(json: unknown): Record<string, unknown> {
  const raw = z.record(z.string(), z.unknown()).safeParse(json);
  if (!raw.success) throw wrongConfig('config.json', 'not an object');
  return raw.data;
}

/** Checks the keys of `raw` that `schema` names. @throws UserError model_config_wrong {key, problem}. */
export function parseKeys<Schema extends z.ZodType>(schema: Schema, raw: RawConfig): z.infer<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw wrongConfig(issue.path.join('.'), issue.message);
}

export function wrongConfig(key: string, problem: string): UserError {
  return new UserError('model_config_wrong', { key, problem });
}
