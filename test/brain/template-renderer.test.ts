import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TemplateRenderer } from '../../src/brain/template-renderer.ts';
import { refusal } from './helpers.ts';

vi.setConfig({ testTimeout: 120_000 });

const canMeasure = existsSync('/proc/self/status');
if (!canMeasure) console.info('skipped: how much memory a process takes is read from /proc, which is not here');

const MOST_EXTRA_MB = 64;

function createRenderer(): TemplateRenderer {
  const renderer = new TemplateRenderer('a model');
  onTestFinished(() => renderer.dispose());
  return renderer;
}

const hello = { messages: [{ role: 'user', content: 'hello' }], eos_token: '</s>' };
const harmless = '{% for m in messages %}[{{ m.role }}] {{ m.content | trim }}{{ eos_token }}{% endfor %}';

/** Templates that never end or ask for everything; each is a way of its own past a limit. */
const HOSTILE: Record<string, string> = {
  'a list of five million': '{% for i in range(5000000) %}{{ i }}{% endfor %}',
  'a list of a billion': '{% for i in range(1000000000) %}{% endfor %}',
  'loops in loops':
    '{% for a in range(3000) %}{% for b in range(3000) %}{% for c in range(3000) %}{% endfor %}{% endfor %}{% endfor %}',
  'a list that doubles': '{% set n = namespace(l=[1]) %}{% for i in range(40) %}{% set n.l = n.l + n.l %}{% endfor %}',
  'a list of lists':
    '{% set n = namespace(l=[]) %}{% for i in range(3000) %}{% set n.l = n.l + [range(3000)] %}{% endfor %}',
  'a text that doubles, then is read':
    '{% set n = namespace(s="x") %}{% for i in range(28) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s | upper }}',
  'a text that grows by looping':
    '{% set s %}{% for a in range(2000) %}{% for b in range(2000) %}some words {% endfor %}{% endfor %}{% endset %}{{ s | upper }}',
  'a text joined from long ones':
    '{% set n = namespace(s="x") %}{% for i in range(17) %}{% set n.s = n.s + n.s %}{% endfor %}{% set l = namespace(l=[]) %}{% for i in range(4000) %}{% set l.l = l.l + [n.s] %}{% endfor %}{{ l.l | join("") | upper }}',
  'a text in place of every letter':
    '{% set n = namespace(s="x") %}{% for i in range(17) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s | replace("x", n.s) }}',
  'an indent of a billion': '{{ "a\\nb" | indent(300000000, true) }}',
  'lists within lists as JSON':
    '{% set n = namespace(l=["x"]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l | tojson }}',
  'a macro that calls itself':
    '{% set n = namespace(f=1) %}{% macro f(x) %}{{ n.f(x) }}{{ n.f(x) }}{% endmacro %}{% set n.f = f %}{{ n.f(1) }}',
  'brackets without end': `{{ ${'('.repeat(200_000)}1${')'.repeat(200_000)} }}`,
  'an output without end': '{% for i in range(20000) %}all work and no play {% endfor %}',
};

describe('a template', () => {
  test('is rendered as written, with the messages and names it is given', async () => {
    expect(await createRenderer().render(harmless, hello)).toBe('[user] hello</s>');
  });

  test('keeps one process, and any text survives the way there and back', async () => {
    const renderer = createRenderer();
    await renderer.render(harmless, hello);
    const { pid } = renderer;
    for (const content of ['Olá 🦕', '\u0000\u2028"\\', '\ue000\ufdd0', 'x'.repeat(100_000)]) {
      const rendered = await renderer.render('{{ messages[0].content }}', { messages: [{ role: 'user', content }] });
      expect(rendered).toBe(content);
    }
    expect(renderer.pid).toBe(pid);
  });

  test('answers each of many asked at once', async () => {
    const renderer = createRenderer();
    const answers = Array.from({ length: 50 }, (_, n) => renderer.render('{{ n }}', { n }));
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
  });

  test('that is wrong, or refuses the conversation, says why, and the process goes on', async () => {
    const renderer = createRenderer();
    await renderer.render(harmless, hello);
    const { pid } = renderer;
    for (const [template, problem] of [
      ['{% for %}', 'unexpected token'],
      ['{{ raise_exception("roles must alternate") }}', 'roles must alternate'],
      ['{{ messages[0].content - 1 }}', 'operator'],
    ] as const) {
      const { identifier, context } = await refusal(() => renderer.render(template, hello));
      expect([identifier, context.model]).toEqual(['chat_template_failed', 'a model']);
      expect(String(context.problem).toLowerCase()).toContain(problem);
    }
    expect(renderer.pid).toBe(pid);
  });

  test('sees nothing of this process, and cannot reach beyond its own language', async () => {
    vi.stubEnv('DISCORD_TOKEN', 'secret');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const renderer = createRenderer();
    for (const reach of [
      'process.env.DISCORD_TOKEN',
      'globalThis.process',
      'messages.constructor.constructor("return process")()',
      '"".constructor',
      'range.constructor("return 1")()',
      'messages.__proto__',
    ])
      expect(await renderer.render(`{{ ${reach} }}`, hello).catch(() => '')).toBe('');
  });
});

describe('a hostile template is cut off, and the next one is rendered', () => {
  test.each(Object.entries(HOSTILE))('%s', async (_name, template) => {
    const renderer = createRenderer();
    await renderer.render(harmless, hello);
    const idle = megabytes(renderer.pid);
    const peak = watchPeak(renderer.pid);
    const began = performance.now();
    const { identifier } = await refusal(() => renderer.render(template, hello));
    expect(identifier).toMatch(/^chat_template_(runaway|failed)$/);
    // The limit is two seconds; the rest is a busy machine's.
    expect(performance.now() - began).toBeLessThan(20_000);
    if (canMeasure) {
      expect(idle).toBeGreaterThan(0);
      expect(peak() - idle).toBeLessThan(MOST_EXTRA_MB);
    }
    expect(await renderer.render(harmless, hello)).toBe('[user] hello</s>');
  });

  test('that used its memory or its time up is called a runaway, one that fails is not', async () => {
    const renderer = createRenderer();
    for (const name of ['a list of a billion', 'loops in loops'])
      expect((await refusal(() => renderer.render(HOSTILE[name]!, hello))).identifier).toBe('chat_template_runaway');
    const long = await refusal(() => renderer.render(HOSTILE['an output without end']!, hello));
    expect(long).toMatchObject({ identifier: 'chat_template_failed' });
    expect(long.context.problem).toContain('262144 characters');
  });
});

describe('the process', () => {
  test('is gone after disposing, also in the middle of a loop without end, and does not come back', async () => {
    const renderer = createRenderer();
    await renderer.render(harmless, hello);
    const { pid } = renderer;
    const looping = refusal(() => renderer.render(HOSTILE['loops in loops']!, hello));
    // Its turn comes first.
    await new Promise((resolve) => setImmediate(resolve));
    await renderer.dispose();
    expect((await looping).identifier).toBe('chat_template_runaway');
    expect(isAlive(pid!)).toBe(false);
    await expect(renderer.render(harmless, hello)).rejects.toThrow('disposed');
    expect(renderer.pid).toBeNull();
  });

  test('is started anew when somebody ended it', async () => {
    const renderer = createRenderer();
    await renderer.render(harmless, hello);
    const { pid } = renderer;
    process.kill(pid!, 'SIGKILL');
    await vi.waitFor(() => expect(renderer.pid).toBeNull(), 30_000);
    expect(await renderer.render(harmless, hello)).toBe('[user] hello</s>');
    expect(renderer.pid).not.toBe(pid);
  });

  test('holds a program that waits for it, and lets one end that does not', async () => {
    const module = pathToFileURL(path.resolve('src', 'brain', 'template-renderer.ts')).href;
    const program = `
      const { TemplateRenderer } = await import(${JSON.stringify(module)});
      const renderer = new TemplateRenderer('a model');
      console.log(await renderer.render('{{ 1 + 1 }}', {}), await renderer.render('{{ 2 + 2 }}', {}), renderer.pid);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const [status] = await once(child, 'close');
    expect(status).toBe(0);
    const [two, four, pid] = said.trim().split(' ');
    expect([two, four]).toEqual(['2', '4']);
    await vi.waitFor(() => expect(isAlive(Number(pid))).toBe(false), 30_000);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Most main memory the process has held so far, in MB; 0 when it is gone. */
function megabytes(pid: number | null): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Looks every few milliseconds until asked for the highest it saw. */
function watchPeak(pid: number | null): () => number {
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, megabytes(pid));
  }, 2);
  onTestFinished(() => clearInterval(timer));
  return () => highest;
}
