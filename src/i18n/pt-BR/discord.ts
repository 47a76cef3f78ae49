import type { Section } from '../catalogue.ts';
import type en from '../en/discord.ts';

export default {} as const satisfies Section<typeof en>;
