import { homedir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readHubSettings } from '../../src/hub/index.ts';

const at = (...parts: string[]) => path.resolve(...parts);

test.each([
  [{}, at(homedir(), '.cache', 'huggingface', 'hub')],
  [{ XDG_CACHE_HOME: '/x' }, at('/x', 'huggingface', 'hub')],
  [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, at('/h', 'hub')],
  [{ HF_HOME: '~/h' }, at(homedir(), 'h', 'hub')],
  [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, at('/old')],
  [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/c' }, at('/c')],
  [{ HF_HOME: '', HF_HUB_CACHE: '', XDG_CACHE_HOME: '' }, at(homedir(), '.cache', 'huggingface', 'hub')],
])('with %o models are kept in %s', (environment, folder) => {
  expect(readHubSettings(environment).cacheFolder).toBe(folder);
});

test('the endpoint is the hub’s, or a mirror without the slash at its end', () => {
  expect(readHubSettings({}).endpoint).toBe('https://huggingface.co');
  expect(readHubSettings({ HF_ENDPOINT: 'https://mirror.example/hf/' }).endpoint).toBe('https://mirror.example/hf');
  for (const wrong of ['mirror', 'file:///x', 'https://me:secret@mirror.example', 'https://mirror.example?x=1'])
    expect(() => readHubSettings({ HF_ENDPOINT: wrong })).toThrow(/setting_wrong/);
  expect(() => readHubSettings({ HF_ENDPOINT: 'https://me:secret@mirror.example' })).not.toThrow(/secret/);
});

test('offline is what Python takes for true', () => {
  const offline = (environment: NodeJS.ProcessEnv) => readHubSettings(environment).offline;
  expect([{}, { HF_HUB_OFFLINE: '0' }, { HF_HUB_OFFLINE: 'no' }].map(offline)).toEqual([false, false, false]);
  const on = [{ HF_HUB_OFFLINE: '1' }, { HF_HUB_OFFLINE: 'True' }, { TRANSFORMERS_OFFLINE: 'yes' }];
  expect(on.map(offline)).toEqual([true, true, true]);
});

test('the token: HF_TOKEN before the older name', () => {
  const token = (environment: NodeJS.ProcessEnv) => readHubSettings({ HF_HOME: '/nowhere', ...environment }).token();
  expect(token({})).toBeUndefined();
  expect(token({ HF_TOKEN: ' hf_a\n', HUGGING_FACE_HUB_TOKEN: 'hf_b' })).toBe('hf_a');
  expect(token({ HUGGING_FACE_HUB_TOKEN: 'hf_b' })).toBe('hf_b');
});
