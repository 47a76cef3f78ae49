/** The page's own sources: their types, their texts, and what they must not do. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { sectionTexts } from '../../src/i18n/index.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../src/local/page');
const sources = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.js'))
  .map((name) => ({ name, text: readFileSync(path.join(FOLDER, name), 'utf8') }));

describe('the page', () => {
  test('is there', () => {
    expect(sources.length).toBeGreaterThan(15);
  });

  test('has types that hold (JSDoc, strict)', () => {
    const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
    const bin = path.join(path.dirname(compiler), 'bin', 'tsc');
    const result = spawnSync(process.execPath, [bin, '-p', FOLDER], { encoding: 'utf8' });
    expect(result.stdout + result.stderr).toBe('');
    expect(result.status).toBe(0);
  });

  test('uses only texts that exist, and every text that exists', () => {
    const known = Object.keys(sectionTexts('en', 'local'));
    const everything = sources.map(({ text }) => text).join('\n');
    const used = [...everything.matchAll(/\bt\('([a-z_]+)'/g)].map(([, key]) => key ?? '');
    const counted = [...everything.matchAll(/\bplural\('([a-z_]+)'/g)].flatMap(([, key]) => [
      `${key}_one`,
      `${key}_other`,
    ]);
    expect(used.length).toBeGreaterThan(50);
    expect([...used, ...counted].filter((key) => !known.includes(key))).toEqual([]);
    const isNamed = (key: string) =>
      everything.includes(`'${key}'`) ||
      counted.includes(key) ||
      (key.startsWith('problem_') && everything.includes('t(`problem_${'));
    expect(known.filter((key) => !isNamed(key))).toEqual([]);
  });

  test('never makes HTML out of text, nor code', () => {
    for (const { name, text } of sources) {
      expect(text, name).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function|srcdoc/,
      );
    }
  });

  test('loads nothing from elsewhere', () => {
    const files = readdirSync(FOLDER).map((name) => readFileSync(path.join(FOLDER, name), 'utf8'));
    for (const text of files) {
      const addresses = [...text.matchAll(/["'(`](https?:\/\/[^"'`)\s$]+)/g)]
        .map(([, url]) => url)
        .filter((url) => url !== 'http://www.w3.org/2000/svg' && !url?.endsWith('://'));
      expect(addresses).toEqual([]);
    }
  });
});
