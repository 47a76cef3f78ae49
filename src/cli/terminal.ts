/** The two channels of a command: data on stdout, remarks and a progress bar on stderr. */
import { once } from 'node:events';
import { type Locale, t } from '../i18n/index.ts';

const BAR_WIDTH = 24;

export class Terminal {
  readonly locale: Locale;
  #barShown = false;

  constructor(locale: Locale) {
    this.locale = locale;
    // `brain score … | head` closes the pipe early: nobody is reading any more, which is no error of ours.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }

  /** One JSON line of data. */
  async json(value: unknown): Promise<void> {
    await this.write(`${JSON.stringify(value)}\n`);
  }

  /** Data as it is; waits where the reader is slower than we are. */
  async write(text: string): Promise<void> {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  }

  /** A remark. */
  note(text: string): void {
    this.clearProgress();
    process.stderr.write(`${text}\n`);
  }

  /** A bar of steps. @param said what stands behind it. */
  progress(done: number, total: number, said: string): void {
    this.bar(done / Math.max(total, 1), `${t(this.locale, 'cli:progress', { done, total })} ${said}`);
  }

  /** A bar that grows in place; nothing where stderr is a file or a pipe. @param share from 0 to 1. */
  bar(share: number, said: string): void {
    if (!process.stderr.isTTY) return;
    const filled = Math.round(BAR_WIDTH * share);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
    const line = `${bar} ${said}`;
    process.stderr.write(`\r\x1b[2K${line.slice(0, Math.max(20, (process.stderr.columns || 80) - 1))}`);
    this.#barShown = true;
  }

  clearProgress(): void {
    if (this.#barShown) process.stderr.write('\r\x1b[2K');
    this.#barShown = false;
  }
}
