import type { Section } from '../catalogue.ts';
import type en from '../en/training.ts';

export default {} as const satisfies Section<typeof en>;
