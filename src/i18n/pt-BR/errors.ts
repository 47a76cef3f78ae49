import type { Section } from '../catalogue.ts';
import type en from '../en/errors.ts';

export default {
  // common
  file_missing: '{{path}} não está lá. Confira o caminho e tente de novo.',
} as const satisfies Section<typeof en>;
