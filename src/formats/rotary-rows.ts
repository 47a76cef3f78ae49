/**
 * The two orders that rows of q and k projections come in. Rotary embeddings turn pairs of numbers of a head: Meta's code,
 * llama2.c and GGUF keep a pair side by side (0 1, 2 3, …), Hugging Face half a head apart (0 d/2, 1 d/2+1, …). Both give
 * the same attention, as long as weights and code agree (transformers, convert_llama_weights_to_hf.py, `permute`).
 */

/** Where in Hugging Face's order row `row` belongs. @param headSize rows of a head, even. */
export function halfSplitRow(row: number, headSize: number): number {
  const within = row % headSize;
  return row - within + (within % 2) * (headSize / 2) + Math.floor(within / 2);
}
