/**
 * What the whole of it weighs: the bot as `npm start` runs it (local classroom, Discord client, store, brain) and its
 * worker, through a sitting with one training on a better answer, as a class has it by itself. Read from /proc, so on Linux only.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { canMeasureMemory, memoryOf } from '../../test/sitting/memory.ts';
import { Person, textOf } from '../../test/sitting/person.ts';
import { startBot } from '../../test/sitting/start.ts';
import type { BenchTable } from '../table.ts';

export default async function memory(): Promise<BenchTable> {
  const title = 'Memory of bot and worker with sprout, one sitting over the local classroom';
  if (!canMeasureMemory) return { title, note: 'not measured: this system has no /proc', rows: [] };
  const rows = [];
  for (const method of ['lora', 'full']) rows.push(await sitting(method));
  return {
    title,
    note: 'Resident memory, looked at every 20 ms; "shared once" counts pages that both processes map (Node, onnxruntime, weights) only once. After new code or at the very first start Node compiles: then it is 20 MB a process more.',
    rows,
  };
}

async function sitting(method: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-memory-'));
  const bot = await startBot(folder, { LOG_LEVEL: 'info' });
  const idle = memoryOf(bot.child.pid).resident;
  const peak = { bot: 0, worker: 0, together: 0, proportional: 0 };
  let seconds = Number.NaN;
  const watch = setInterval(() => {
    const [ofBot, ofWorker] = [memoryOf(bot.child.pid), memoryOf(bot.workerPid())];
    peak.bot = Math.max(peak.bot, ofBot.resident);
    peak.worker = Math.max(peak.worker, ofWorker.resident);
    peak.together = Math.max(peak.together, ofBot.resident + ofWorker.resident);
    peak.proportional = Math.max(peak.proportional, ofBot.proportional + ofWorker.proportional);
  }, 20);
  try {
    const teacher = await Person.join(bot, 'Ms Ada', { teacher_code: bot.teacherCode });
    const channel = (await teacher.channels()).find((each) => each.name === 'classroom')!;
    await teacher.command(channel.id, 'session start', { turns: 2, method });
    const opening = await teacher.message('the opening', (message) => textOf(message).includes('raise a brain'));
    await teacher.press(opening, 'Yes, train');
    await teacher.write(opening.channel_id, 'Hello! What is your favorite movie, and why do you like it so much?');
    const reply = await teacher.message('the reply', (message) => textOf(message).includes('ROUGE-L'));
    await teacher.press(reply, 'bf:better:');
    await teacher.submitModal(opening.channel_id, { text: 'I like films about space, because I want to fly there.' });
    await teacher.message('the thanks', (message) => textOf(message).includes('is kept beside'));
    const rated = performance.now();
    await teacher.press(reply, 'bf:rate:', ['0.3']);
    await teacher.message('the summary', (message) => textOf(message).includes('What the training did'));
    seconds = (performance.now() - rated) / 1000;
    teacher.leave();
  } finally {
    clearInterval(watch);
    await bot.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const mb = (value: number) => `${value.toFixed(0)} MB`;
  return {
    method,
    'bot after start': mb(idle),
    'bot, most': mb(peak.bot),
    'worker, most': mb(peak.worker),
    'together, most': mb(peak.together),
    'shared once': mb(peak.proportional),
    'rating to summary': `${seconds.toFixed(1)} s`,
  };
}
