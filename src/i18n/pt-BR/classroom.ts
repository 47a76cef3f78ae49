import type { Section } from '../catalogue.ts';
import type en from '../en/classroom.ts';

export default {} as const satisfies Section<typeof en>;
