import type { Command } from '../command.ts';
import { idsOfEither, openModelOrEncoder } from '../model.ts';
import type { Terminal } from '../terminal.ts';

export default {
  arguments: ['MODEL'],
  options: { text: { type: 'string' }, 'input-ids': { type: 'string' } },
  async run(options, terminal) {
    const opened = await openModelOrEncoder(options.arguments[0]!, { repack: false });
    try {
      const ids = idsOfEither(options, opened);
      const states = await opened.model.hiddenStates(ids);
      await terminal.write(`{"input_ids":${JSON.stringify(ids)},"hidden_states":[`);
      for (const [layer, state] of states.entries()) {
        if (layer > 0) await terminal.write(',');
        await writeLayer(state, ids.length, terminal);
      }
      await terminal.write(']}\n');
    } finally {
      await opened.model.dispose();
    }
  },
} satisfies Command;

/** A layer as [T][C]. Token by token: all of a large model's states would not fit into one string. */
async function writeLayer(state: Float32Array, tokens: number, terminal: Terminal): Promise<void> {
  const width = state.length / tokens;
  for (let token = 0; token < tokens; token += 1) {
    const vector = JSON.stringify([...state.subarray(token * width, (token + 1) * width)]);
    await terminal.write(`${token === 0 ? '[' : ','}${vector}`);
  }
  await terminal.write(']');
}
