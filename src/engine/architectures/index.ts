/** One architecture per `model_type`: a new one is a file beside this and a line here. */
import type { ModelConfig } from './config.ts';
import { gpt2 } from './gpt2.ts';
import type { Architecture } from './types.ts';

const architectures: {
  [Name in ModelConfig['architecture']]: (config: ModelConfig & { architecture: Name }) => Architecture;
} = { gpt2 };

export function architectureOf(config: ModelConfig): Architecture {
  return architectures[config.architecture](config);
}
