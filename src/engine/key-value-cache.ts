/** The keys and values of one text's tokens so far, in memory that the session writes in place. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import { cacheShape } from './decoding-graph.ts';
import { pastName, presentName } from './graph-names.ts';
import { Tensor } from './session.ts';
import { elementCount } from './tensor.ts';

export class KeyValueCache {
  /** Tokens there is room for. */
  readonly capacity: number;
  /** For the session's feeds, and for its results: the same memory. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly results: Readonly<Record<string, Tensor>>;
  /** Tokens that are in it. */
  length = 0;

  constructor(config: ModelConfig, capacity: number) {
    this.capacity = capacity;
    const shape = cacheShape(config, capacity);
    const feeds: Record<string, Tensor> = {};
    const results: Record<string, Tensor> = {};
    for (let layer = 0; layer < architectureOf(config).layers; layer++) {
      for (const part of ['key', 'value'] as const) {
        const tensor = new Tensor('float32', new Float32Array(elementCount(shape)), shape);
        feeds[pastName(layer, part)] = tensor;
        results[presentName(layer, part)] = tensor;
      }
    }
    this.feeds = feeds;
    this.results = results;
  }
}
