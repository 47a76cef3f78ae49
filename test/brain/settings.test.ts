/** How a reply is drawn: what is asked for, else the model's own settings, else the program's. */
import { describe, expect, test } from 'vitest';
import { completeSettings, ownDrawing } from '../../src/brain/settings.ts';
import type { ModelSource } from '../../src/formats/index.ts';

const own = (generationConfig: unknown) => ownDrawing({ generationConfig } as ModelSource);

describe('a model’s own settings', () => {
  test('are those of its generation_config.json, where that says do_sample', () => {
    const said = { temperature: 0.5, top_k: 20, top_p: 0.8, repetition_penalty: 1.05, eos_token_id: 0 };
    const drawing = { temperature: 0.5, topK: 20, topP: 0.8, repetitionPenalty: 1.05 };
    expect(own({ ...said, do_sample: true })).toEqual(drawing);
    expect(own({ ...said, do_sample: false })).toEqual({});
    expect(own(said)).toEqual({});
    expect(own(undefined)).toEqual({});
  });

  test('are left out where nothing can be drawn with them', () => {
    expect(own({ do_sample: true, temperature: 0, top_k: 2.5, top_p: '0.9', repetition_penalty: Number.NaN })).toEqual(
      {},
    );
    expect(own({ do_sample: true, temperature: null, top_p: 1 })).toEqual({ topP: 1 });
  });

  test('give way to what is asked for, and go before the program’s', () => {
    const drawing = { temperature: 0.5, repetitionPenalty: 1.05 };
    const settings = completeSettings({ seed: 1, temperature: 0.9, repetitionPenalty: undefined }, drawing);
    expect(settings).toMatchObject({ temperature: 0.9, repetitionPenalty: 1.05, topK: 50, topP: 0.9 });
    expect(completeSettings({ seed: 1 })).toMatchObject({ temperature: 0.7, repetitionPenalty: 1.2 });
  });
});
