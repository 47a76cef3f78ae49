/**
 * The web page's files. All are read once at the start and served from memory by exact name, so no path can lead
 * elsewhere. `preact` and `htm` come from node_modules as they are; only their bare import names become addresses.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { LOCALES, sectionTexts } from '../i18n/index.ts';

export interface PageFile {
  type: string;
  body: Buffer;
  etag: string;
}

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
  json: 'application/json',
};

/** Bare import names of the page and where we serve them. */
const VENDOR: Record<string, string> = {
  preact: '/vendor/preact.js',
  'preact/hooks': '/vendor/preact-hooks.js',
  htm: '/vendor/htm.js',
};

export function loadPages(): Map<string, PageFile> {
  const folder = join(import.meta.dirname, 'page');
  const pages = new Map<string, PageFile>();
  for (const name of readdirSync(folder).sort()) {
    const type = TYPES[name.split('.').pop() ?? ''];
    if (type === undefined || name.endsWith('.d.ts') || name === 'tsconfig.json') continue;
    const bytes = readFileSync(join(folder, name));
    pages.set(
      name === 'index.html' ? '/' : `/${name}`,
      pageFile(type, name.endsWith('.js') ? addressed(bytes) : bytes),
    );
  }
  const require = createRequire(import.meta.url);
  for (const [name, path] of Object.entries(VENDOR))
    pages.set(path, pageFile(TYPES.js ?? '', addressed(readFileSync(moduleFile(require, name)))));
  for (const locale of LOCALES)
    pages.set(
      `/texts/${locale}.json`,
      pageFile(TYPES.json ?? '', Buffer.from(JSON.stringify(sectionTexts(locale, 'local')))),
    );
  return pages;
}

/** A package's file for `import` (the resolver of `require` would answer with the one for CommonJS). */
function moduleFile(require: NodeJS.Require, name: string): string {
  const files: Record<string, string> = {
    preact: 'dist/preact.mjs',
    'preact/hooks': 'hooks/dist/hooks.mjs',
    htm: 'dist/htm.mjs',
  };
  const packageName = name.split('/')[0] ?? name;
  const found = require.resolve
    .paths(packageName)
    ?.map((folder) => join(folder, packageName, files[name] ?? ''))
    .find(isFile);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

function isFile(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

function addressed(source: Buffer): Buffer {
  const text = source
    .toString('utf8')
    .replaceAll(/(\bfrom\s*)(["'])(preact\/hooks|preact|htm)\2/g, (_, from: string, quote: string, name: string) => {
      return `${from}${quote}${VENDOR[name]}${quote}`;
    });
  return Buffer.from(text.replaceAll(/\n?\/\/# sourceMappingURL=.*$/gm, ''));
}

function pageFile(type: string, body: Buffer): PageFile {
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
