/** What handlers of commands and buttons work with. */
import type { Actor, Classroom } from '../classroom/index.ts';
import type { Locale } from '../i18n/index.ts';
import type { Store } from '../store/index.ts';
import type { Command } from './command.ts';
import type { Logger } from './logger.ts';
import type { Payload } from './payload.ts';
import type { Threads } from './threads.ts';
import type { Transport } from './transport.ts';

export interface Desk {
  readonly classroom: Classroom;
  readonly store: Store;
  readonly transport: Transport;
  readonly threads: Threads;
  readonly logger: Logger;
  readonly commands: readonly Command[];
  /** A role's name in a server; null when there is none of that id. */
  roleName(classId: string, roleId: string | null): string | null;
  /** Plain messages in a sitting's thread are turns. */
  readonly plainMessages: boolean;
  /** Texts may train only after the operator's declaration. */
  readonly declarationRequired: boolean;
}

/** Who asks, where, and in which language they read. */
export interface Caller {
  readonly actor: Actor;
  /** The reader's language: for what only they see. */
  readonly locale: Locale;
  /** The class's language: for what everybody sees. */
  readonly classLocale: Locale;
  readonly channelId: string;
  /** The text channel when they are in a thread of it. */
  readonly parentId: string | null;
}

/** What a handler answers: to the one who asked, and, where it concerns everybody, to the channel. */
export interface Answer {
  readonly answer: Payload;
  readonly post?: Payload;
}
