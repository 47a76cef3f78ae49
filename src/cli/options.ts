/** The arguments and options of one call, asked for by name and checked as they are. */
import { UserError } from '../errors.ts';
import { type Locale, t } from '../i18n/index.ts';

export interface NumberRule {
  readonly whole?: boolean;
  /** Smallest value allowed. */
  readonly from?: number;
  /** Every value must be greater than this. */
  readonly above?: number;
  /** Largest value allowed. */
  readonly to?: number;
}

export class Options {
  readonly arguments: string[] = [];
  readonly values = new Map<string, string | true>();
  readonly #locale: Locale;

  constructor(locale: Locale) {
    this.#locale = locale;
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  text(name: string): string | undefined {
    const value = this.values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** @throws UserError cli_option_missing. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UserError('cli_option_missing', { option: `--${name}` });
    return value;
  }

  /** @throws UserError cli_option_wrong. */
  number(name: string, rule: NumberRule): number | undefined {
    const written = this.text(name);
    if (written === undefined) return undefined;
    const value = Number(written);
    const { whole = false, from = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, to } = rule;
    const fits = value >= from && value > above && value <= (to ?? Number.MAX_VALUE);
    if (written.trim() === '' || !fits || (whole && !Number.isSafeInteger(value)))
      throw new UserError('cli_option_wrong', { option: `--${name}`, value: written, wanted: this.#wanted(rule) });
    return value;
  }

  /** @throws UserError cli_option_wrong. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const written = this.text(name);
    if (written === undefined) return undefined;
    const chosen = choices.find((choice) => choice === written);
    if (chosen === undefined)
      throw new UserError('cli_option_wrong', { option: `--${name}`, value: written, wanted: choices.join(', ') });
    return chosen;
  }

  /** Which one of these options was given. @throws UserError cli_one_of for none or several. */
  oneOf<T extends string>(names: readonly T[]): T {
    const [given, ...others] = names.filter((name) => this.has(name));
    if (given === undefined || others.length > 0)
      throw new UserError('cli_one_of', { options: names.map((name) => `--${name}`).join(', ') });
    return given;
  }

  /** @throws UserError cli_options_conflict when `name` stands beside one of `others`. */
  alone(name: string, others: readonly string[]): void {
    const other = others.find((option) => this.has(option));
    if (this.has(name) && other !== undefined)
      throw new UserError('cli_options_conflict', { option: `--${name}`, other: `--${other}` });
  }

  /** Token ids from a JSON array. @throws UserError cli_option_wrong. */
  ids(name: string): number[] {
    const written = this.required(name);
    const ids = parseJson(written);
    if (isIds(ids)) return ids;
    const wanted = t(this.#locale, 'cli:wanted_ids');
    throw new UserError('cli_option_wrong', { option: `--${name}`, value: shortened(written), wanted });
  }

  #wanted({ whole = false, from, above, to }: NumberRule): string {
    const kind = t(this.#locale, whole ? 'cli:wanted_whole' : 'cli:wanted_number');
    if (from !== undefined && to !== undefined) return t(this.#locale, 'cli:wanted_between', { kind, from, to });
    if (above !== undefined && to !== undefined) return t(this.#locale, 'cli:wanted_above_to', { kind, above, to });
    if (above !== undefined) return t(this.#locale, 'cli:wanted_above', { kind, above });
    return from === undefined ? kind : t(this.#locale, 'cli:wanted_from', { kind, from });
  }
}

/** The value, or undefined where `text` is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((id) => Number.isInteger(id) && id >= 0);
}

function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}
