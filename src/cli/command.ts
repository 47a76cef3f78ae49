/** What every command states: its arguments, its options, and what it does. Its help is `cli:help_<name>`. */
import type { Options } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface Command {
  /** Names of the arguments, all required, as the help writes them. */
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;
  /** @throws UserError for what the caller can mend. */
  run(options: Options, terminal: Terminal): Promise<void>;
}
