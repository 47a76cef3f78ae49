/**
 * Errors in two kinds. A `UserError` is expected: somebody typed something we cannot take, or the world (disk, network,
 * a damaged file) is not as it should be. It carries an identifier of the catalogue (`i18n/en/errors.ts`) and the values
 * its sentence needs; it is worded only when it is shown, in the reader's language. Anything else is a bug.
 */
import type { ErrorIdentifier } from './i18n/index.ts';

export type ErrorContext = Record<string, string | number>;

export class UserError extends Error {
  readonly identifier: ErrorIdentifier;
  readonly context: ErrorContext;

  /** @param identifier key of the errors section of the catalogue. @param context the values its text interpolates. */
  constructor(identifier: ErrorIdentifier, context: ErrorContext = {}, options?: ErrorOptions) {
    super(`${identifier} ${JSON.stringify(context)}`, options);
    this.name = 'UserError';
    this.identifier = identifier;
    this.context = context;
  }
}
