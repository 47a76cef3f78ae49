/**
 * What prompt.ts does, as the chat template that sprout's folder brings for other programs. Beside the messages it takes
 * `language`, and `intent` and `emotion` of the last one; what is absent or unknown is left out:
 *
 *   tokenizer.apply_chat_template(messages, language="pt", intent="ask", emotion="happy", add_generation_prompt=True)
 */
import { EMOTIONS, INTENTS, LANGUAGES } from './types.ts';

const chosen = (name: string, known: readonly string[]): string =>
  `{% if ${name} and ${name} in [${known.map((choice) => `'${choice}'`).join(', ')}] %}<|{{ ${name} }}|>{% endif %}`;

export const CONTROL_TEMPLATE = [
  chosen('language', LANGUAGES),
  '{% for message in messages %}',
  "{% if message['role'] == 'assistant' %}<|assistant|>",
  `{% else %}<|user|>{% if loop.last %}${chosen('intent', INTENTS)}${chosen('emotion', EMOTIONS)}{% endif %}{% endif %}`,
  "{{ message['content'] }}{{ eos_token }}",
  '{% endfor %}',
  '{% if add_generation_prompt %}<|assistant|>{% endif %}',
].join('');
