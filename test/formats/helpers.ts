/** Builders for the formats' tests: files put together by hand, folders that vanish after the test. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { UserError } from '../../src/errors.ts';
import en from '../../src/i18n/en/errors.ts';
import { tDynamic } from '../../src/i18n/index.ts';
import ptBR from '../../src/i18n/pt-BR/errors.ts';

export { assemble, everyType } from './bytes.ts';

export const golden = resolve('..', 'shared', 'golden');
export const noGolden = !existsSync(golden);
if (noGolden) console.info(`skipped: the reference files are not at ${golden}`);

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'formats-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The UserError `work` throws; a test fails on anything else, or where a sentence asks for a value it does not bring. */
export function refusal(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const sentences of [en, ptBR]) {
      const asked = sentences[error.identifier].matchAll(/{{(\w+)}}/g);
      for (const [, name = ''] of asked)
        if (!(name in error.context)) throw new Error(`${error.identifier} does not say ${name}`);
    }
    return error;
  }
  throw new Error('nothing was refused');
}

export function inWords({ identifier, context }: UserError): string {
  return tDynamic('en', `errors:${identifier}`, context);
}
