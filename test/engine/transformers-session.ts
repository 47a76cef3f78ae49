/** The graph that is exported, behind the interface that transformers.js knows of an onnxruntime session. */
import { dirname } from 'node:path';
import { exportGraph } from '../../src/engine/export-graph.ts';
import { pastName, presentName } from '../../src/engine/graph-names.ts';
import { architectureOf, type ModelConfig, mapWeights } from '../../src/engine/index.ts';
import { floatsOf, openSession, Tensor } from '../../src/engine/session.ts';

/** Its logits are those of the last place alone, [B, 1, V]. */
export async function openForTransformers(config: ModelConfig, weightsFile: string) {
  const { layers, vocabSize } = architectureOf(config);
  const graph = exportGraph(config, mapWeights(config, weightsFile));
  const session = await openSession(graph, { threads: 1, weightsFolder: dirname(weightsFile) });
  const outputNames = ['logits', ...cacheNames(layers, presentName)];
  return {
    inputNames: session.inputNames,
    outputNames,
    inputMetadata: [...graph.inputs].map(([name, { dtype, shape }]) => ({ name, isTensor: true, type: dtype, shape })),
    config: { dtype: 'fp32', device: 'cpu' },
    run: async (feeds: Record<string, unknown>): Promise<Record<string, Tensor>> => {
      const results = await session.run(feeds as Record<string, Tensor>, outputNames);
      const [batch, length] = results.logits!.dims as [number, number];
      const all = floatsOf(results.logits);
      const last = new Float32Array(batch * vocabSize);
      for (let row = 0; row < batch; row++) {
        const end = (row + 1) * length * vocabSize;
        last.set(all.subarray(end - vocabSize, end), row * vocabSize);
      }
      return { ...results, logits: new Tensor('float32', last, [batch, 1, vocabSize]) };
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
