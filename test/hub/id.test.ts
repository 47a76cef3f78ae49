import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHubId } from '../../src/hub/index.ts';
import { isSafeName } from '../../src/hub/names.ts';

describe('a name on the hub', () => {
  test.each([
    ['gpt2', { repository: 'gpt2', revision: 'main' }],
    ['microsoft/DialoGPT-small', { repository: 'microsoft/DialoGPT-small', revision: 'main' }],
    ['a/b@refs/pr/1', { repository: 'a/b', revision: 'refs/pr/1' }],
    ['a/b@v1.0:x/y.Q4_1.gguf', { repository: 'a/b', revision: 'v1.0', file: 'x/y.Q4_1.gguf' }],
    ['a/b-GGUF:Q4_K_M', { repository: 'a/b-GGUF', revision: 'main', file: 'Q4_K_M' }],
  ])('%s', (text, id) => {
    expect(parseHubId(text)).toEqual(id);
  });

  const NONE = [
    ['', '.', '..', './gpt2', '../gpt2', '/etc/gpt2', '~/gpt2', 'a/b/c', 'a//b', 'a/', '/b', 'a b', 'a/b c', 'modèle'],
    [
      'C:\\models\\x',
      'C:/models/x',
      'C:model',
      'models\\x',
      'gpt2:x',
      'a/b:',
      'a/b@',
      'a/b@x@y',
      'a/b:x:y',
      'a/b@../x',
    ],
    ['-a/b', 'a/b-', 'a/.b', 'a/b.', 'a--b/c', 'a/b..c', 'a/b.git', 'model.gguf', 'models/smol.gguf', 'rows.json'],
    [`${'a'.repeat(97)}`, `a/${'b'.repeat(97)}`],
  ].flat();
  test.each(NONE)('is not %j', (text) => {
    expect(parseHubId(text)).toBeNull();
  });
});

describe('a name of a file', () => {
  const part = fc.oneof(
    fc.constantFrom('..', '.', '', 'con', 'NUL.txt', 'com1', 'a', 'b.json', '\\', '..\\', 'C:', ' ', 'a.', '\0', 'x '),
    fc.string({ maxLength: 12 }),
  );

  test('that is taken for safe stays in its folder, on this system and on the others', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const name = parts.join('/');
        if (!isSafeName(name)) return;
        taken++;
        for (const [system, folder] of [
          [path.posix, '/cache/x'],
          [path.win32, 'C:\\cache\\x'],
        ] as const) {
          const relative = system.relative(folder, system.join(folder, ...name.split('/')));
          expect(relative).toBe(name.split('/').join(system.sep));
          expect(system.isAbsolute(relative)).toBe(false);
          expect(system.isAbsolute(name)).toBe(false);
        }
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test.each(['model.safetensors', 'onnx/model.onnx', 'a b.json', '.gitattributes', 'console.txt', 'été.txt'])(
    '%j is',
    (name) => {
      expect(isSafeName(name)).toBe(true);
    },
  );

  test.each(['', 'a/../b', 'a/', '/a', 'a\\b', 'a:b', 'aux', 'LPT1.txt', 'a\nb', 'a.', 'a?', 'x'.repeat(256)])(
    '%j is not',
    (name) => {
      expect(isSafeName(name)).toBe(false);
    },
  );
});
