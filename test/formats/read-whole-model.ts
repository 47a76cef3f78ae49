/** For tests that only ask whether a model can be read: opens what is at `path` and reads all that is in it. */
import { openModelSource } from '../../src/formats/index.ts';

export function readWholeModel(path: string): void {
  const source = openModelSource(path);
  source.tokenizer();
  for (const tensor of source.stored().values()) {
    tensor.read();
    tensor.quantised?.readBlocks();
  }
}
