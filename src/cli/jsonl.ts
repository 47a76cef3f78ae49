/** JSON lines, read one at a time, so that a file may be larger than memory. */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { UserError } from '../errors.ts';
import { parseJson } from './options.ts';

/** One line of a file, and the means to say what is wrong with it. */
export class Line {
  readonly file: string;
  readonly number: number;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(file: string, number: number, fields: Readonly<Record<string, unknown>>) {
    this.file = file;
    this.number = number;
    this.fields = fields;
  }

  /** @throws UserError cli_line_field. */
  text(field: string): string {
    const value = this.fields[field];
    if (typeof value !== 'string') throw this.wrong(field);
    return value;
  }

  /** Undefined where the field is absent or null. @throws UserError cli_line_field. */
  optionalNumber(field: string): number | undefined {
    const value = this.fields[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number') throw this.wrong(field);
    return value;
  }

  wrong(field: string): UserError {
    return new UserError('cli_line_field', { file: this.file, line: this.number, field });
  }
}

/** The lines of a file; empty ones are passed over. @throws UserError file_missing, cli_line_not_json. */
export async function* readJsonLines(file: string): AsyncGenerator<Line> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new UserError('file_missing', { path: file });
  let number = 0;
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const written of lines) {
    number += 1;
    const text = number === 1 ? written.replace(/^\ufeff/, '') : written;
    if (text.trim() === '') continue;
    const fields = parseJson(text);
    if (!isObject(fields)) throw new UserError('cli_line_not_json', { file, line: number });
    yield new Line(file, number, fields);
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
