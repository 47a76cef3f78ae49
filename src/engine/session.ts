/** Opens onnxruntime sessions the one way we want them: on the CPU, few threads, no memory held in reserve. */
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { emit } from './emit.ts';
import type { Graph } from './graph.ts';

export { InferenceSession, Tensor };

export interface SessionOptions {
  /** Threads inside an operation; results are byte-equal for the same number. */
  threads?: number;
  /** Folder that mapped weights are found in. */
  weightsFolder?: string;
}

/** A training or serving run leaves the other half of a big computer to its owner. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(4, availableParallelism()));
}

export async function openSession(graph: Graph, options: SessionOptions = {}): Promise<InferenceSession> {
  const session: Record<string, string> = {
    // Repacked copies of the weights would double their memory and keep them from being shared between processes.
    disable_prepacking: '1',
    // Idle threads that spin would take the bot's processor from it, and a second process's from us.
    'intra_op.allow_spinning': '0',
  };
  if (options.weightsFolder !== undefined) session.model_external_initializers_file_folder_path = options.weightsFolder;
  return InferenceSession.create(emit(graph), {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads ?? defaultThreads(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Lengths differ from run to run; a pattern recorded at one length misplans the next.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session },
  });
}

export function int64Tensor(values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = BigInt(values[i]!);
  return new Tensor('int64', data, shape);
}

/** A float32 output's numbers. */
export function floatsOf(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('the session returned no float32 tensor');
  return tensor.data;
}
