/** The serving graph behind the interface that transformers.js knows of an onnxruntime session. */
import { dirname } from 'node:path';
import { architectureOf, type ModelConfig, mapWeights } from '../../src/engine/index.ts';
import { loraNames } from '../../src/engine/lora.ts';
import { pastName, presentName, servingGraph } from '../../src/engine/serving-graph.ts';
import { floatsOf, int64Tensor, openSession, Tensor } from '../../src/engine/session.ts';

export async function openForTransformers(config: ModelConfig, weightsFile: string) {
  const { layers, linears, vocabSize } = architectureOf(config);
  const graph = servingGraph(config, mapWeights(config, weightsFile));
  const session = await openSession(graph, { threads: 1, weightsFolder: dirname(weightsFile) });
  const noAdapter: Record<string, Tensor> = {};
  for (const { name, inFeatures, outFeatures } of linears) {
    const { a, b } = loraNames(name);
    noAdapter[a] = new Tensor('float32', new Float32Array(inFeatures), [1, inFeatures]);
    noAdapter[b] = new Tensor('float32', new Float32Array(outFeatures), [outFeatures, 1]);
  }
  const outputNames = ['logits', ...cacheNames(layers, presentName)];
  const shown = [...graph.inputs].filter(([name]) => name !== 'rows' && !(name in noAdapter));
  return {
    inputNames: shown.map(([name]) => name),
    outputNames,
    // transformers.js sizes the empty cache by this name; other names count as 0 there.
    inputMetadata: shown.map(([name, { dtype, shape }]) => ({
      name,
      isTensor: true,
      type: dtype,
      shape: shape.map((size) => (size === 'B' ? 'batch_size' : size)),
    })),
    config: { dtype: 'fp32', device: 'cpu' },
    run: async (feeds: Record<string, unknown>): Promise<Record<string, Tensor>> => {
      const [batch, length] = (feeds.input_ids as Tensor).dims as [number, number];
      const rows = int64Tensor(
        Array.from({ length: batch }, (_, row) => (row + 1) * length - 1),
        [batch],
      );
      const results = await session.run({ ...noAdapter, ...(feeds as Record<string, Tensor>), rows }, outputNames);
      return { ...results, logits: new Tensor('float32', floatsOf(results.logits), [batch, 1, vocabSize]) };
    },
    release: () => session.release(),
  };
}

export function emptyCache(config: ModelConfig, batch: number): Record<string, Tensor> {
  const { layers, keyValueHeads, headSize } = architectureOf(config);
  const empty = new Tensor('float32', new Float32Array(0), [batch, keyValueHeads, 0, headSize]);
  return Object.fromEntries(cacheNames(layers, pastName).map((name) => [name, empty]));
}

function cacheNames(layers: number, nameOf: (layer: number, part: 'key' | 'value') => string): string[] {
  return Array.from({ length: layers }, (_, layer) => [nameOf(layer, 'key'), nameOf(layer, 'value')]).flat();
}
