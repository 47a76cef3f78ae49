import { ApplicationCommandOptionType, ApplicationCommandType, InteractionContextType } from 'discord-api-types/v10';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadCommands } from '../../src/discord/command.ts';
import { sameCommands } from '../../src/discord/registration.ts';

const declarations = (await loadCommands()).map(({ data }) => data);

/** A command as Discord sends it back: with ids, and with every default spelled out. */
const asStored = (command: object): object => ({
  id: '1',
  application_id: '2',
  version: '3',
  default_member_permissions: null,
  dm_permission: false,
  nsfw: false,
  integration_types: [0],
  handler: null,
  name_localized: 'x',
  ...command,
});

test('what Discord sends back of our own commands is the same, in any order', () => {
  const stored = JSON.parse(JSON.stringify(declarations.map(asStored))) as object[];
  expect(sameCommands(stored, declarations)).toBe(true);
  fc.assert(
    fc.property(fc.shuffledSubarray(stored, { minLength: stored.length }), (shuffled) => {
      expect(sameCommands(shuffled, declarations)).toBe(true);
    }),
  );
});

const option = { type: ApplicationCommandOptionType.String, name: 'a', description: 'b' };
const command = {
  name: 'x',
  description: 'y',
  type: ApplicationCommandType.ChatInput,
  contexts: [InteractionContextType.Guild],
  options: [option, { ...option, name: 'c' }],
};
const changes: Record<string, object> = {
  'another description': { ...command, description: 'z' },
  'a translation more': { ...command, name_localizations: { 'pt-BR': 'xis' } },
  'an option less': { ...command, options: [option] },
  'options in another order': { ...command, options: command.options.toReversed() },
  'an option that is required now': { ...command, options: [{ ...option, required: true }, command.options[1]!] },
  'another bound': { ...command, options: [{ ...option, max_length: 5 }, command.options[1]!] },
  'another type of option': { ...command, options: [{ ...option, type: 4 }, command.options[1]!] },
  choices: { ...command, options: [{ ...option, choices: [{ name: 'n', value: 'v' }] }, command.options[1]!] },
  autocomplete: { ...command, options: [{ ...option, autocomplete: true }, command.options[1]!] },
  'another context': { ...command, contexts: [0, 1] },
};

test.each(Object.entries(changes))('%s is a change', (_name, changed) => {
  expect(sameCommands([asStored(command)], [changed])).toBe(false);
});

test('a command more or less is a change', () => {
  expect(sameCommands([], [command])).toBe(false);
  expect(sameCommands([asStored(command), asStored({ ...command, name: 'z' })], [command])).toBe(false);
});
