/** The options a person filled into a slash command, held against its declaration. */
import { ApplicationCommandOptionType as Option } from 'discord-api-types/v10';
import { z } from 'zod';
import { channelJson } from './channels.ts';
import { memberJson, userJson } from './people.ts';
import { refusals } from './rest/errors.ts';
import type { Command, LeafOption } from './validate/commands.ts';
import { fieldError } from './validate/form.ts';
import { rolesJson } from './welcome.ts';
import type { World } from './world.ts';

export interface GivenOption {
  type: number;
  name: string;
  value?: string | number | boolean | undefined;
  focused?: boolean | undefined;
  options?: GivenOption[] | undefined;
}

export const givenOptions: z.ZodType<GivenOption[]> = z
  .array(
    z.object({
      type: z.int().min(1).max(11),
      name: z.string().max(32),
      value: z.union([z.string().max(6000), z.number(), z.boolean()]).optional(),
      focused: z.boolean().optional(),
      get options() {
        return givenOptions.optional();
      },
    }),
  )
  .max(25);

/** The objects behind the ids an interaction names, as Discord sends them along. */
export type Resolved = Record<string, Record<string, unknown>>;

interface Checking {
  /** False while the person still types (autocomplete): then only names and types must fit. */
  isComplete: boolean;
  resolved: Resolved;
}

/** @returns the options as the bot gets them. @throws ApiError 50035 naming the option at fault */
export function checkOptions(
  world: World,
  command: Command,
  given: readonly GivenOption[],
  checking: Checking,
): GivenOption[] {
  if (command.type !== 1) throw refusals.unknownCommand();
  return checkLevel(world, command.options ?? [], given, checking, ['data', 'options']);
}

type Declared = NonNullable<Extract<Command, { type: 1 }>['options']>[number];
type Path = readonly (string | number)[];

function checkLevel(
  world: World,
  declared: readonly Declared[],
  given: readonly GivenOption[],
  checking: Checking,
  path: Path,
): GivenOption[] {
  const nestedGiven = given.filter(({ type }) => type <= Option.SubcommandGroup);
  const hasNested = declared.some(({ type }) => type <= Option.SubcommandGroup);
  if (hasNested !== nestedGiven.length > 0 || nestedGiven.length > 1)
    throw optionError(path, 'Choose one of the subcommands');
  declared.forEach((option) => {
    const isRequired = 'required' in option && option.required === true;
    if (checking.isComplete && isRequired && !given.some(({ name }) => name === option.name)) {
      throw fieldError([...path, option.name], 'BASE_TYPE_REQUIRED', 'This field is required');
    }
  });
  return given.map((option, index) => {
    const match = declared.find(({ name, type }) => name === option.name && type === option.type);
    if (match === undefined || given.findIndex(({ name }) => name === option.name) < index) {
      throw optionError([...path, index], `Unknown option "${option.name}"`);
    }
    if (match.type === Option.Subcommand || match.type === Option.SubcommandGroup) {
      const inner = checkLevel(world, match.options ?? [], option.options ?? [], checking, [...path, index, 'options']);
      return { type: option.type, name: option.name, options: inner };
    }
    return checkLeaf(world, match, option, checking, [...path, index, 'value']);
  });
}

function checkLeaf(
  world: World,
  declared: LeafOption,
  given: GivenOption,
  checking: Checking,
  path: Path,
): GivenOption {
  const { value } = given;
  const checked = { type: given.type, name: given.name, value };
  if (!checking.isComplete) return given.focused === true ? { ...checked, value: value ?? '', focused: true } : checked;
  if (value === undefined) throw fieldError(path, 'BASE_TYPE_REQUIRED', 'This field is required');
  switch (declared.type) {
    case Option.String:
      if (typeof value !== 'string') throw optionError(path, 'Not a text');
      if (value.length < (declared.min_length ?? 0))
        throw fieldError(path, 'BASE_TYPE_MIN_LENGTH', `Must be ${declared.min_length} or more in length.`);
      if (value.length > (declared.max_length ?? 6000))
        throw fieldError(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${declared.max_length ?? 6000} or fewer in length.`);
      break;
    case Option.Integer:
    case Option.Number:
      if (typeof value !== 'number' || (declared.type === Option.Integer && !Number.isInteger(value)))
        throw optionError(path, 'Not a number of the right kind');
      if (value < (declared.min_value ?? Number.NEGATIVE_INFINITY))
        throw fieldError(path, 'NUMBER_TYPE_MIN', `Value should be at least ${declared.min_value}.`);
      if (value > (declared.max_value ?? Number.POSITIVE_INFINITY))
        throw fieldError(path, 'NUMBER_TYPE_MAX', `Value should be at most ${declared.max_value}.`);
      break;
    case Option.Boolean:
      if (typeof value !== 'boolean') throw optionError(path, 'Neither true nor false');
      break;
    case Option.Attachment:
      throw optionError(path, 'Files in commands are not taken here; send the file as a message');
    default:
      if (typeof value !== 'string' || !resolveEntity(world, declared.type, value, checking.resolved))
        throw optionError(path, 'Unknown id');
  }
  if (declared.choices?.length && !declared.choices.some((choice) => choice.value === value)) {
    throw fieldError(
      path,
      'BASE_TYPE_CHOICES',
      `Value must be one of {${declared.choices.map((choice) => choice.value).join(', ')}}.`,
    );
  }
  return checked;
}

/** Looks an id up and adds what it stands for to `resolved`. @returns false if it stands for nothing of that kind */
export function resolveEntity(world: World, type: number, id: string, resolved: Resolved): boolean {
  const add = (kind: string, value: unknown) => {
    resolved[kind] = { ...resolved[kind], [id]: value };
  };
  const user = type === Option.User || type === Option.Mentionable ? world.people.member(id) : null;
  if (user !== null) {
    add('users', userJson(user));
    const { user: _, ...member } = memberJson(user, world.guild.roles);
    add('members', member);
    return true;
  }
  const role =
    type === Option.Role || type === Option.Mentionable ? rolesJson(world).find((each) => each.id === id) : undefined;
  if (role !== undefined) {
    add('roles', role);
    return true;
  }
  const channel = type === Option.Channel ? world.channels.get(id) : null;
  if (channel === null) return false;
  add('channels', channelJson(channel, world.channelFacts(channel, null)));
  return true;
}

function optionError(path: Path, message: string) {
  return fieldError(path, 'APPLICATION_COMMAND_OPTION_INVALID', message);
}
