/**
 * The sessions behind a brain's versions: one for each file of weights, opened when first asked; adapters are swapped into
 * it. A few are kept, the one used longest ago goes first.
 */
import { type AdapterWeights, type ModelConfig, openServing, type ServingModel } from '../engine/index.ts';
import { createGenerator } from './generator.ts';
import type { BrainOptions, BrainVersion } from './types.ts';

const SESSIONS_KEPT = 3;

export interface OpenVersion {
  serving: ServingModel;
  generate: ReturnType<typeof createGenerator>;
}

export type VersionsOptions = Pick<BrainOptions, 'threads' | 'sessions'>;

interface Opened extends OpenVersion {
  adapter: AdapterWeights | null;
}

export class Versions {
  readonly #config: ModelConfig;
  readonly #packBase: () => string;
  #base: string | undefined;
  readonly #options: VersionsOptions;
  /** By file of weights, the least recently used first. */
  readonly #open = new Map<string, Opened>();

  /** @param packBase makes the file of the base's weights that is served; called once, when the base is first used. */
  constructor(config: ModelConfig, packBase: () => string, options: VersionsOptions) {
    this.#config = config;
    this.#packBase = packBase;
    this.#options = options;
  }

  /** The session of `version`, its adapter in place. Not to be called while another call still runs. */
  async use({ weightsFile, adapter }: BrainVersion): Promise<OpenVersion> {
    this.#base ??= weightsFile === undefined ? this.#packBase() : undefined;
    const version = await this.#session(weightsFile ?? this.#base!);
    const wanted = adapter ?? null;
    if (version.adapter !== wanted) {
      version.serving.setAdapter(wanted);
      version.adapter = wanted;
      // The adapter before is megabytes outside V8's sight; asked for where the process lets us.
      globalThis.gc?.();
    }
    return version;
  }

  async dispose(): Promise<void> {
    await this.#closeOldest(0);
  }

  async #session(weightsFile: string): Promise<Opened> {
    let session = this.#open.get(weightsFile);
    if (session === undefined) {
      const { sessions = SESSIONS_KEPT, threads } = this.#options;
      // Room is made first: the memory of the one can serve the other.
      await this.#closeOldest(sessions - 1);
      const serving = await openServing(this.#config, { weightsFile, threads });
      session = { serving, generate: createGenerator(serving), adapter: null };
    }
    this.#open.delete(weightsFile);
    this.#open.set(weightsFile, session);
    return session;
  }

  async #closeOldest(kept: number): Promise<void> {
    for (const [file, { serving }] of this.#open) {
      if (this.#open.size <= kept) break;
      this.#open.delete(file);
      await serving.dispose();
    }
  }
}
