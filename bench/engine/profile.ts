/** Where onnxruntime spends its time, operator by operator, from the profile it writes itself. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InferenceSession } from '../../src/engine/session.ts';

/** Milliseconds of one run, by operator or by operator and shapes, the largest first. */
export interface Profile {
  /** The median run. */
  runMs: number;
  byOperator: [operator: string, ms: number, calls: number][];
  byShape: [operator: string, ms: number, calls: number][];
}

/** Lets every session that is opened from now on write a profile; call `read` when they have run. */
export function profileSessions(): { read: () => Profile } {
  const folder = mkdtempSync(path.join(tmpdir(), 'profile-'));
  const create = InferenceSession.create.bind(InferenceSession) as (
    model: Uint8Array,
    options: InferenceSession.SessionOptions,
  ) => Promise<InferenceSession>;
  const sessions: InferenceSession[] = [];
  InferenceSession.create = (async (model: Uint8Array, options: InferenceSession.SessionOptions) => {
    const prefix = path.join(folder, `${sessions.length}`);
    const session = await create(model, { ...options, enableProfiling: true, profileFilePrefix: prefix });
    sessions.push(session);
    return session;
  }) as typeof InferenceSession.create;
  return {
    read() {
      for (const session of sessions) session.endProfiling();
      const events = readdirSync(folder).flatMap((file): ProfileEvent[] =>
        JSON.parse(readFileSync(path.join(folder, file), 'utf8')),
      );
      rmSync(folder, { recursive: true });
      return summarise(events);
    },
  };
}

/** An event of Chrome's trace format, as onnxruntime writes it; times in microseconds. */
interface ProfileEvent {
  cat: string;
  name: string;
  ts: number;
  dur: number;
  args?: { op_name?: string; input_type_shape?: Record<string, number[]>[] };
}

function summarise(events: ProfileEvent[]): Profile {
  const runs = events.filter(({ name }) => name === 'model_run').toSorted((a, b) => a.ts - b.ts);
  // The first run also touches all memory for the first time.
  const counted = runs.slice(1);
  const from = counted[0]?.ts ?? 0;
  const nodes = events.filter(({ cat, name, ts }) => cat === 'Node' && name.endsWith('_kernel_time') && ts >= from);
  const total = (key: (event: ProfileEvent) => string): [string, number, number][] => {
    const sums = new Map<string, { ms: number; calls: number }>();
    for (const event of nodes) {
      const sum = sums.get(key(event)) ?? { ms: 0, calls: 0 };
      sums.set(key(event), { ms: sum.ms + event.dur / 1000, calls: sum.calls + 1 });
    }
    return [...sums]
      .map(([name, { ms, calls }]): [string, number, number] => [name, ms / counted.length, calls / counted.length])
      .toSorted((a, b) => b[1] - a[1]);
  };
  const operator = ({ args }: ProfileEvent) => args?.op_name ?? '?';
  const shapes = ({ args }: ProfileEvent) =>
    (args?.input_type_shape ?? []).map((input) => `[${Object.values(input)[0]}]`).join(' ');
  return {
    runMs: counted.map(({ dur }) => dur / 1000).sort((a, b) => a - b)[counted.length >> 1] ?? 0,
    byOperator: total(operator),
    byShape: total((event) => `${operator(event)} ${shapes(event)}`),
  };
}
