import type { Section } from '../catalogue.ts';
import type en from '../en/setup.ts';

export default {} as const satisfies Section<typeof en>;
