import type { Section } from '../catalogue.ts';
import type en from '../en/lessons.ts';

export default {} as const satisfies Section<typeof en>;
