/**
 * The sessions behind a brain's versions. The base's is always open; an adapter is swapped into it. Full weights need a
 * session of their own: two are kept, the one used longest ago goes first.
 */
import { type AdapterWeights, type ModelConfig, openServing, type ServingModel } from '../engine/index.ts';
import { createGenerator } from './generator.ts';
import type { BrainVersion } from './types.ts';

const FULL_SESSIONS = 2;

export interface OpenVersion {
  serving: ServingModel;
  generate: ReturnType<typeof createGenerator>;
}

interface Opened extends OpenVersion {
  adapter: AdapterWeights | null;
}

export class Versions {
  readonly #config: ModelConfig;
  readonly #options: { threads?: number };
  readonly #base: Opened;
  /** By file of weights, the least recently used first. */
  readonly #full = new Map<string, Opened>();

  static async open(config: ModelConfig, weightsFile: string, options: { threads?: number }) {
    return new Versions(config, options, await openVersion(config, weightsFile, options));
  }

  private constructor(config: ModelConfig, options: { threads?: number }, base: Opened) {
    this.#config = config;
    this.#options = options;
    this.#base = base;
  }

  /** How many sessions are open. */
  get size(): number {
    return 1 + this.#full.size;
  }

  /** The session of `version`, its adapter in place. Not to be called while another call still runs. */
  async use({ weightsFile, adapter = undefined }: BrainVersion): Promise<OpenVersion> {
    const version = weightsFile === undefined ? this.#base : await this.#fullVersion(weightsFile);
    const wanted = adapter ?? null;
    if (version.adapter !== wanted) {
      version.serving.setAdapter(wanted);
      version.adapter = wanted;
    }
    return version;
  }

  async dispose(): Promise<void> {
    for (const { serving } of [this.#base, ...this.#full.values()]) await serving.dispose();
    this.#full.clear();
  }

  async #fullVersion(weightsFile: string): Promise<Opened> {
    const version = this.#full.get(weightsFile) ?? (await openVersion(this.#config, weightsFile, this.#options));
    this.#full.delete(weightsFile);
    this.#full.set(weightsFile, version);
    for (const [file, { serving }] of this.#full) {
      if (this.#full.size <= FULL_SESSIONS) break;
      this.#full.delete(file);
      await serving.dispose();
    }
    return version;
  }
}

async function openVersion(config: ModelConfig, weightsFile: string, options: { threads?: number }): Promise<Opened> {
  const serving = await openServing(config, { weightsFile, ...options });
  return { serving, generate: createGenerator(config.raw, serving.transformersSession), adapter: null };
}
