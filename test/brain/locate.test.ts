import path from 'node:path';
import { expect, test } from 'vitest';
import { locate, modelName, pinnedSprout } from '../../src/brain/index.ts';

test('a model is called by its own name, not by where it lies or what commit it is', () => {
  expect(modelName('sprout')).toBe('sprout');
  expect(modelName('gpt2')).toBe('gpt2');
  expect(modelName('HuggingFaceTB/SmolLM2-135M-Instruct')).toBe('SmolLM2-135M-Instruct');
  expect(modelName('owner/name@0123456789abcdef')).toBe('name');
  expect(modelName('owner/name-GGUF@main:Q4_K_M')).toBe('name-GGUF');
  expect(modelName(path.resolve('somebody', 'models', 'SmolLM2.Q4_1.gguf'))).toBe('SmolLM2.Q4_1.gguf');
  expect(modelName(path.join('models', 'sprout'))).toBe('sprout');
  expect(modelName('.')).toBe(path.basename(process.cwd()));
});

test('the embedded brain is found with its edition, and no other edition is taken for it', () => {
  expect(pinnedSprout()).toMatch(/^sprout@[0-9a-f]{12}$/);
  expect(locate(pinnedSprout())).toEqual(locate('sprout'));
  expect(modelName(pinnedSprout())).toBe('sprout');
  expect(locate('sprout@000000000000').path).not.toBe(locate('sprout').path);
});
