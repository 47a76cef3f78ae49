/** Fine-tunes a model with the Trainer's arguments and log; the result is a folder that transformers or peft loads. */
import path from 'node:path';
import type { Brain } from '../../brain/index.ts';
import {
  defaultLora,
  initLora,
  type LoraConfig,
  loraTargets,
  mergeLora,
  openTrainable,
  type TensorMap,
  type Trainable,
} from '../../engine/index.ts';
import { UserError } from '../../errors.ts';
import {
  isJsonObject,
  type PeftAdapter,
  readSafetensors,
  writeAdapterFolder,
  writeModelFolder,
} from '../../formats/index.ts';
import { t } from '../../i18n/index.ts';
import {
  defaultTrainingArguments,
  LR_SCHEDULER_TYPES,
  type Objective,
  preference,
  preferenceRows,
  rowLogprobs,
  supervised,
  type TrainingArguments,
  trainFor,
} from '../../training/index.ts';
import type { Command } from '../command.ts';
import { brainOptions } from '../environment.ts';
import { adapterOf, openModel } from '../model.ts';
import type { Options } from '../options.ts';
import { ADAPTER_FILES, MODEL_FILES, refuseOverwriting } from '../out-folder.ts';
import { readPreferenceRows } from '../preference-rows.ts';
import type { Terminal } from '../terminal.ts';
import { readTrainingRows } from '../training-rows.ts';

const METHODS = ['full', 'lora', 'dpo'] as const;
type Method = (typeof METHODS)[number];

/** TRL's. */
const DEFAULT_BETA = 0.1;

export default {
  arguments: ['MODEL'],
  options: {
    data: { type: 'string' },
    method: { type: 'string' },
    out: { type: 'string' },
    adapter: { type: 'string' },
    'learning-rate': { type: 'string' },
    'num-train-epochs': { type: 'string' },
    'per-device-train-batch-size': { type: 'string' },
    'gradient-accumulation-steps': { type: 'string' },
    'weight-decay': { type: 'string' },
    'warmup-steps': { type: 'string' },
    'lr-scheduler-type': { type: 'string' },
    'max-grad-norm': { type: 'string' },
    'max-length': { type: 'string' },
    'lora-r': { type: 'string' },
    'lora-alpha': { type: 'string' },
    beta: { type: 'string' },
    'no-shuffle': { type: 'boolean' },
    seed: { type: 'string' },
  },
  async run(options, terminal) {
    const method = methodOf(options);
    const args = argumentsOf(options);
    checkLora(options, method);
    const [model = ''] = options.arguments;
    const [data, out] = [options.required('data'), path.resolve(options.required('out'))];
    refuseOverwriting(out, method === 'full' ? MODEL_FILES : ADAPTER_FILES);
    const adapter = adapterOf(options);

    const brain = await openModel(model);
    const maxLength = Math.min(args.maxLength ?? brain.window, brain.window);
    let objective: Objective;
    try {
      objective =
        method === 'dpo'
          ? await preferenceObjective(data, brain, maxLength, betaOf(options))
          : await supervisedObjective(data, brain, maxLength, terminal);
    } finally {
      await brain.dispose();
    }

    const { trainable, lora } = await openStart(options, brain, method, adapter, args.seed);
    await trainAndLog(trainable, objective, args, terminal);
    save(out, model, brain, lora, trainable.trainedTensors());
    terminal.note(t(terminal.locale, 'cli:saved', { folder: out }));
  },
} satisfies Command;

function methodOf(options: Options): Method {
  const method = options.choice('method', METHODS);
  if (method === undefined) throw new UserError('cli_option_missing', { option: '--method' });
  if (method !== 'dpo' && options.has('beta'))
    throw new UserError('cli_option_needs', { option: '--beta', needed: '--method dpo' });
  betaOf(options);
  return method;
}

function betaOf(options: Options): number {
  return options.number('beta', { above: 0 }) ?? DEFAULT_BETA;
}

async function supervisedObjective(
  data: string,
  brain: Brain,
  maxLength: number,
  terminal: Terminal,
): Promise<Objective> {
  const rows = await readTrainingRows(data, brain);
  const cut = rows.filter((row) => row.inputIds.length > maxLength).length;
  if (cut > 0) terminal.note(t(terminal.locale, 'cli:rows_cut', { cut, rows: rows.length, maxLength }));
  return supervised(rows, maxLength);
}

/** The reference is the model without any adapter, as TRL takes it under peft; asked once, before training. */
async function preferenceObjective(data: string, brain: Brain, maxLength: number, beta: number): Promise<Objective> {
  const preferences = await readPreferenceRows(data, brain);
  const references = [];
  for (const one of preferences) {
    const { chosen, rejected } = preferenceRows(one, maxLength);
    references.push({ chosen: await logpOf(brain, chosen), rejected: await logpOf(brain, rejected) });
  }
  return preference(preferences, { beta, maxLength, references });
}

async function logpOf(brain: Brain, row: Parameters<typeof rowLogprobs>[1] | null): Promise<number> {
  const logprobs = row === null ? [] : await rowLogprobs(brain, row, {});
  return logprobs.reduce((sum, logprob) => sum + logprob, 0);
}

/** Said before anything is loaded. */
function checkLora(options: Options, method: Method): void {
  for (const option of ['lora-r', 'lora-alpha']) {
    if (method === 'full' && options.has(option))
      throw new UserError('cli_option_needs', { option: `--${option}`, needed: '--method lora' });
    // A given adapter brings its own rank and scale.
    options.alone('adapter', [option]);
  }
  rankOf(options);
  alphaOf(options);
}

function argumentsOf(options: Options): TrainingArguments {
  const maxLength = options.number('max-length', { whole: true, from: 2 });
  const defaults = defaultTrainingArguments;
  return {
    learningRate: options.number('learning-rate', { from: 0 }) ?? defaults.learningRate,
    numTrainEpochs: options.number('num-train-epochs', { above: 0 }) ?? defaults.numTrainEpochs,
    perDeviceTrainBatchSize:
      options.number('per-device-train-batch-size', { whole: true, from: 1 }) ?? defaults.perDeviceTrainBatchSize,
    gradientAccumulationSteps:
      options.number('gradient-accumulation-steps', { whole: true, from: 1 }) ?? defaults.gradientAccumulationSteps,
    weightDecay: options.number('weight-decay', { from: 0 }) ?? defaults.weightDecay,
    warmupSteps: options.number('warmup-steps', { whole: true, from: 0 }) ?? defaults.warmupSteps,
    lrSchedulerType: options.choice('lr-scheduler-type', LR_SCHEDULER_TYPES) ?? defaults.lrSchedulerType,
    maxGradNorm: options.number('max-grad-norm', { above: 0 }) ?? defaults.maxGradNorm,
    shuffle: !options.has('no-shuffle'),
    seed: options.number('seed', { whole: true, from: 0 }) ?? defaults.seed,
    ...(maxLength === undefined ? {} : { maxLength }),
  };
}

/**
 * The model to train: LoRA goes on with a given adapter, a full fine-tune takes it into the weights first.
 */
async function openStart(
  options: Options,
  { config, weightsFile, frozenFile }: Brain,
  method: Method,
  given: PeftAdapter | undefined,
  seed: number,
): Promise<{ trainable: Trainable; lora: LoraConfig | null }> {
  const { threads } = brainOptions(process.env);
  const session = threads === undefined ? {} : { threads };
  if (method === 'full') {
    const weights = given
      ? mergeLora(config, readSafetensors(weightsFile).tensors, given.lora, given.tensors)
      : { file: weightsFile };
    return { trainable: await openTrainable(config, weights, { ...session, method }), lora: null };
  }
  const lora = given?.lora ?? defaultLora(config, rankOf(options), alphaOf(options));
  const adapter = given?.tensors ?? initLora(config, lora, seed);
  return {
    trainable: await openTrainable(config, { file: frozenFile }, { ...session, method: 'lora', lora, adapter }),
    lora,
  };
}

function rankOf(options: Options): number | undefined {
  return options.number('lora-r', { whole: true, from: 1, to: 4096 });
}

function alphaOf(options: Options): number | undefined {
  return options.number('lora-alpha', { above: 0 });
}

/** Trains, writing a line a step and a summary. */
async function trainAndLog(
  trainable: Trainable,
  objective: Objective,
  args: TrainingArguments,
  terminal: Terminal,
): Promise<void> {
  const { summary } = await trainFor(trainable, objective, args, {
    async onStep({ step, totalSteps, loss, gradNorm, learningRate, epoch, metrics }) {
      terminal.clearProgress();
      await terminal.json({ loss, grad_norm: gradNorm, learning_rate: learningRate, epoch, ...metrics });
      terminal.progress(step, totalSteps, `loss ${loss.toFixed(4)}`);
    },
  });
  terminal.clearProgress();
  await terminal.json({
    train_runtime: summary.trainRuntime,
    train_samples_per_second: summary.trainSamplesPerSecond,
    train_steps_per_second: summary.trainStepsPerSecond,
    train_loss: summary.trainLoss,
    epoch: summary.epoch,
    peak_memory_mb: summary.peakMemoryMb,
  });
}

function save(out: string, model: string, brain: Brain, lora: LoraConfig | null, tensors: TensorMap): void {
  if (lora === null) {
    const { config, path } = brain.source;
    if (!isJsonObject(config)) throw new UserError('model_config_missing', { folder: path });
    writeModelFolder(out, { config, tensors, tokenizerFrom: brain.source });
  } else {
    const fanInFanOut = loraTargets(brain.config, lora).some((layer) => layer.fanInFanOut);
    writeAdapterFolder(out, { lora, tensors }, { baseModel: model, fanInFanOut });
  }
}
