/**
 * A model's chat template is a program that somebody wrote, and on a hostile one the interpreter takes gigabytes and never
 * ends. So it runs in a process that holds nothing, may write nothing, and is killed when it takes too much; the next
 * template gets a new one. It is started when first needed and kept, and never keeps this process from ending.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';
import { SerialQueue } from './queue.ts';

/** Rendering takes a few milliseconds. */
const LIMIT_MS = 2_000;
/** The answer may have come in time while this process was too busy to see it: it looks once more before it kills. */
const GRACE_MS = 200;
const PROCESS_FILE = fileURLToPath(new URL('./template-process.js', import.meta.url));
const NODE_OPTIONS = [
  // Idle it uses 5 MB.
  '--max-old-space-size=24',
  '--max-semi-space-size=1',
  // No writing, no processes, no add-ons; reading, for it must load its own code.
  '--permission',
  '--allow-fs-read=*',
];

export class TemplateRenderer {
  readonly #model: string;
  readonly #queue = new SerialQueue();
  #child: ChildProcess | null = null;
  #disposed = false;

  /** @param model whose template it is, for the words of an error. */
  constructor(model: string) {
    this.#model = model;
  }

  /** Process id of the running process, or null. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * What `template` makes of `variables`.
   * @throws UserError chat_template_failed when it stops with an error, chat_template_runaway when it had to be stopped.
   */
  render(template: string, variables: Record<string, unknown>): Promise<string> {
    return this.#queue.run(async () => {
      if (this.#disposed) throw new Error('a template is to be rendered by a renderer that was disposed of');
      const child = this.#child ?? (await this.#start());
      hold(child);
      try {
        return this.#textOf(await answerOf(child, { template, variables }));
      } finally {
        letGo(child);
      }
    });
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const child = this.#child;
    if (child === null) return;
    const gone = once(child, 'exit');
    hold(child);
    child.kill('SIGKILL');
    await gone;
  }

  /** Resolves when it is ready. */
  #start(): Promise<ChildProcess> {
    // The bot's secrets are none of a template's business. Windows needs SystemRoot to start anything.
    const { SystemRoot } = process.env;
    const env = SystemRoot === undefined ? {} : { SystemRoot };
    const child = fork(PROCESS_FILE, [], { env, execArgv: NODE_OPTIONS, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#child = child;
    return new Promise((resolve, reject) => {
      const gone = (cause?: unknown) => {
        if (this.#child === child) this.#child = null;
        reject(new Error('the process for chat templates did not start', { cause }));
      };
      child.on('exit', () => gone()).on('error', gone);
      child.once('message', () => resolve(child));
    });
  }

  #textOf(answer: unknown): string {
    const model = this.#model;
    if (answer === null) throw new UserError('chat_template_runaway', { model });
    const { text, problem } = Object(answer);
    if (typeof text === 'string') return text;
    throw new UserError('chat_template_failed', { model, problem: String(problem) });
  }
}

/** The answer to `question`, or null when the process ended instead, of itself or killed because its time was up. */
function answerOf(child: ChildProcess, question: object): Promise<unknown> {
  return new Promise((resolve) => {
    let timer = setTimeout(() => {
      timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    }, LIMIT_MS);
    const end = (answer: unknown) => {
      clearTimeout(timer);
      child.off('message', end).off('exit', ended);
      resolve(answer);
    };
    const ended = () => end(null);
    child.on('message', end).on('exit', ended);
    // That it could not be sent is known by its end.
    child.send(question, () => {});
  });
}

/** While somebody waits for it, this process stays. */
function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}
