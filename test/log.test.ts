import { DiscordAPIError } from 'discord.js';
import { expect, test } from 'vitest';
import { UserError } from '../src/errors.ts';
import { openLog } from '../src/log.ts';

function written(details: object): { line: string; err: Record<string, unknown> } {
  const lines: string[] = [];
  openLog('info', { write: (line: string) => void lines.push(line) }).error(details, 'something happened');
  const [line = ''] = lines;
  return { line, err: JSON.parse(line).err };
}

test('a message Discord refused is told without its words and without the interaction’s token', () => {
  const refused = new DiscordAPIError(
    { code: 50035, message: 'Invalid Form Body' },
    50035,
    400,
    'PATCH',
    'https://discord.com/api/v10/webhooks/123456789012345678/SECRET-token/messages/@original',
    { files: undefined, body: { content: 'SECRET words' } },
  );
  const { line, err } = written({ err: new Error('not shown', { cause: refused }), event: 7 });
  expect(line).not.toContain('SECRET');
  expect(err).toMatchObject({ type: 'Error', message: 'not shown: Invalid Form Body' });

  const alone = written({ err: refused });
  expect(alone.line).not.toContain('SECRET');
  expect(alone.err).toMatchObject({ type: 'DiscordAPIError', code: 50035, status: 400, method: 'PATCH' });
  expect(alone.err.url).toBe('https://discord.com/api/v10/webhooks/123456789012345678/…/messages/@original');
});

test('an error of ours is told by its identifier and with what caused it', () => {
  const cause = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  const { err } = written({ err: new UserError('disk_full', { path: 'data' }, { cause }) });
  expect(err).toMatchObject({ type: 'UserError', identifier: 'disk_full' });
  expect(err.stack).toContain('no space left');
});

test('what is no error is written as it is', () => {
  expect(written({ err: 'a word', count: 2 })).toMatchObject({ err: 'a word' });
});
