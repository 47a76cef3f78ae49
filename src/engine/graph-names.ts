/** What the inputs and outputs of a decoder's graphs are called, as transformers.js and Hugging Face's optimum call them. */
export const pastName = (layer: number, part: 'key' | 'value'): string => `past_key_values.${layer}.${part}`;
export const presentName = (layer: number, part: 'key' | 'value'): string => `present.${layer}.${part}`;
export const hiddenName = (layer: number): string => `hidden_states.${layer}`;
