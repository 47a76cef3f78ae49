/** Opens onnxruntime sessions the one way we want them: on the CPU, few threads, no memory held in reserve. */
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { emit, SILENCER } from './emit.ts';
import type { Graph } from './graph.ts';

export { InferenceSession, Tensor };

// Since 1.29 onnxruntime on Linux and macOS keeps a device identifier in the home folder and sends usage events to its maker from a
// thread of its own, unless this is set before the first session. A class's computer tells nobody anything.
process.env.ORT_DISABLE_TELEMETRY = '1';

export interface SessionOptions {
  /** Threads inside an operation; results are byte-equal for the same number. */
  threads?: number;
  /** A graph of training: run node by node, nothing folded, fused or shared; see EmitOptions. */
  training?: boolean;
  /** The session is asked through `runInto` alone. */
  silent?: boolean;
  /** Kernels may keep repacked copies of the weights. */
  prepack?: boolean;
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
    disable_prepacking: options.prepack ? '0' : '1',
    // Idle threads that spin would take the bot's processor from it, and a second process's from us.
    'intra_op.allow_spinning': options.training ? '1' : '0',
  };
  // A training's many small products follow each other closely: a thread that has to be woken for each is late.
  if (options.training) session['intra_op.spin_duration_us'] = '50';
  if (options.weightsFolder !== undefined) session.model_external_initializers_file_folder_path = options.weightsFolder;
  return InferenceSession.create(emit(graph, { silent: options.silent, training: options.training }), {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads ?? defaultThreads(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Lengths differ from run to run; a pattern recorded at one length misplans the next.
    enableMemPattern: false,
    // Our graphs are written as they should run; its passes would only undo what is made again to save memory.
    graphOptimizationLevel: options.training ? 'disabled' : 'all',
    logSeverityLevel: 3,
    extra: { session },
  });
}

/**
 * Runs a silent session, its outputs written into `results` and nowhere else. After a run onnxruntime-node copies every
 * output into a new array, those it has just written into ours included: for the gradients of a model, half a gigabyte and
 * half a second a step. It converts outputs in the model's order, so a silent graph's first one is of a type that
 * JavaScript cannot be given, a sequence: it gives up there, when all the numbers are in place. A version that can convert
 * sequences would merely copy again.
 */
export async function runInto(
  session: InferenceSession,
  feeds: Record<string, Tensor>,
  results: Record<string, Tensor>,
): Promise<void> {
  try {
    await session.run(feeds, { [SILENCER]: null, ...results });
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith(CANNOT_CONVERT))) throw error;
  }
}

const CANNOT_CONVERT = 'Non tensor type';

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
