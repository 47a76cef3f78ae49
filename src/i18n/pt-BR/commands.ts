import type { Section } from '../catalogue.ts';
import type en from '../en/commands.ts';

export default {} as const satisfies Section<typeof en>;
