/**
 * `messages` of a conversation to ids. GPT-2 models have no roles: each message is closed by the end token, which is the
 * template DialoGPT ships. A folder that brings a chat template of its own would be told something else than it was
 * trained on, so it is refused until templates are rendered.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Brain } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import { isObject } from './jsonl.ts';

const DIALOGPT = '{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}';

/** The ids, or null where `messages` is no list of {role, content}. @throws UserError cli_chat_template. */
export function conversationIds(messages: unknown, brain: Brain): number[] | null {
  if (!Array.isArray(messages) || messages.length === 0) return null;
  const contents: unknown[] = messages.map((message) => (isObject(message) ? message.content : undefined));
  if (!contents.every((content) => typeof content === 'string')) return null;
  refuseOtherTemplates(brain);
  return contents.flatMap((content) => [...brain.tokenizer.encode(content), brain.tokenizer.eosId]);
}

function refuseOtherTemplates({ source }: Brain): void {
  const template = source.tokenizer()?.config.chat_template;
  const own =
    existsSync(path.join(source.path, 'chat_template.jinja')) || (template !== undefined && template !== null);
  const isKnown = typeof template === 'string' && template.trim() === DIALOGPT;
  if (own && !isKnown) throw new UserError('cli_chat_template', { folder: source.path });
}
