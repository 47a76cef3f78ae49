/** Declarations of application commands, under Discord's limits (TRUST.md A3): 100 commands, 25 options, 25 choices, 8000 characters. */
import { ApplicationCommandOptionType as Option } from 'discord-api-types/v10';
import { z } from 'zod';
import { issue } from './form.ts';

const MAX_TEXT = 8000;
const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

const slashName = z
  .string()
  .min(1)
  .max(32)
  .superRefine((name, context) => {
    if (!NAME.test(name)) context.addIssue(issue('APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid'));
    else if (name !== name.toLowerCase()) {
      context.addIssue(issue('APPLICATION_COMMAND_INVALID_NAME', 'Command name must be lower case'));
    }
  });
const localized = (each: z.ZodString | typeof slashName) => z.record(z.string(), each.nullable()).nullish();
const description = z.string().min(1).max(100);

const choice = z.object({
  name: z.string().min(1).max(100),
  name_localizations: localized(z.string().min(1).max(100)),
  value: z.union([z.string().max(100), z.number()]),
});

const leafOption = z
  .object({
    type: z.literal([3, 4, 5, 6, 7, 8, 9, 10, 11]),
    name: slashName,
    name_localizations: localized(slashName),
    description,
    description_localizations: localized(description),
    required: z.boolean().optional(),
    choices: z.array(choice).max(25).optional(),
    channel_types: z.array(z.int()).optional(),
    min_value: z.number().optional(),
    max_value: z.number().optional(),
    min_length: z.int().min(0).max(6000).optional(),
    max_length: z.int().min(1).max(6000).optional(),
    autocomplete: z.boolean().optional(),
  })
  .superRefine((option, context) => {
    if (option.autocomplete && (option.choices?.length ?? 0) > 0) {
      context.addIssue(
        issue('APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES', 'Choices exclude autocomplete', ['choices']),
      );
    }
    const takesChoices = [Option.String, Option.Integer, Option.Number].includes(option.type);
    if (!takesChoices && (option.autocomplete || option.choices?.length)) {
      context.addIssue(
        issue('APPLICATION_COMMAND_OPTIONS_TYPE_INVALID', 'This type takes neither choices nor autocomplete', ['type']),
      );
    }
    (option.choices ?? []).forEach((item, index) => {
      if ((option.type === Option.String) !== (typeof item.value === 'string')) {
        context.addIssue(
          issue('APPLICATION_COMMAND_OPTIONS_CHOICES_VALUE_INVALID', 'Value of the wrong type', [
            'choices',
            index,
            'value',
          ]),
        );
      }
    });
    checkNames(option.choices ?? [], ['choices'], context);
  });
export type LeafOption = z.infer<typeof leafOption>;

const options = z
  .array(leafOption)
  .max(25)
  .superRefine((list, context) => checkOptions(list, context, []));

const named = {
  name: slashName,
  name_localizations: localized(slashName),
  description,
  description_localizations: localized(description),
};
const subcommand = z.object({ type: z.literal(Option.Subcommand), ...named, options: options.optional() });
const subcommandGroup = z.object({
  type: z.literal(Option.SubcommandGroup),
  ...named,
  options: z.array(subcommand).min(1).max(25),
});

const anyOption = z.discriminatedUnion('type', [subcommand, subcommandGroup, leafOption]);

const shared = {
  default_member_permissions: z.string().regex(/^\d+$/).nullish(),
  dm_permission: z.boolean().nullish(),
  contexts: z.array(z.int()).nullish(),
  integration_types: z.array(z.int()).optional(),
  nsfw: z.boolean().optional(),
};

const slashCommand = z
  .object({ type: z.literal(1).default(1), ...named, ...shared, options: z.array(anyOption).max(25).optional() })
  .superRefine((command, context) => {
    const list = command.options ?? [];
    const nested = list.filter((option) => option.type <= Option.SubcommandGroup).length;
    if (nested > 0 && nested < list.length) {
      context.addIssue(
        issue('APPLICATION_COMMAND_OPTIONS_TYPE_INVALID', 'Subcommands and options do not mix', ['options']),
      );
    }
    if (nested > 0) checkNames(list, ['options'], context);
    else checkOptions(list, context, ['options']);
    if (textLength(command) > MAX_TEXT) {
      context.addIssue(issue('APPLICATION_COMMAND_TOO_LARGE', `Command exceeds maximum size (${MAX_TEXT})`));
    }
  });

const menuCommand = z.object({
  type: z.union([z.literal(2), z.literal(3)]),
  name: z.string().min(1).max(32),
  name_localizations: localized(z.string().min(1).max(32)),
  description: z.literal('').optional(),
  ...shared,
});

export const command = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && !('type' in value) ? { ...value, type: 1 } : value),
  z.discriminatedUnion('type', [menuCommand, slashCommand]),
);
export type Command = z.infer<typeof command>;

export const commandList = z
  .array(command)
  .max(130)
  .superRefine((list, context) => {
    for (const [type, most] of [
      [1, 100],
      [2, 15],
      [3, 15],
    ]) {
      if (list.filter((item) => item.type === type).length > (most ?? 0)) {
        context.addIssue(issue('APPLICATION_COMMANDS_MAX', `Maximum number of application commands reached (${most})`));
      }
    }
    list.forEach((item, index) => {
      if (list.findIndex((other) => other.type === item.type && other.name === item.name) < index) {
        context.addIssue(
          issue('APPLICATION_COMMANDS_DUPLICATE_NAME', 'Application command names must be unique', [index, 'name']),
        );
      }
    });
  });

function checkNames(
  list: readonly { name: string }[],
  path: (string | number)[],
  context: z.core.$RefinementCtx,
): void {
  const seen = new Set<string>();
  list.forEach(({ name }, index) => {
    if (seen.has(name)) {
      context.addIssue(
        issue('APPLICATION_COMMAND_OPTIONS_NAME_INVALID', `The name "${name}" is used twice`, [...path, index, 'name']),
      );
    }
    seen.add(name);
  });
}

function checkOptions(
  list: readonly { name: string; required?: boolean | undefined }[],
  context: z.core.$RefinementCtx,
  path: (string | number)[],
): void {
  const firstOptional = list.findIndex((option) => option.required !== true);
  list.forEach((option, index) => {
    if (option.required === true && firstOptional !== -1 && index > firstOptional) {
      context.addIssue(
        issue('APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID', 'Required options come before optional ones', [
          ...path,
          index,
        ]),
      );
    }
  });
  checkNames(list, path, context);
}

interface Texts {
  name: string;
  description?: string | undefined;
  name_localizations?: Record<string, string | null> | null | undefined;
  description_localizations?: Record<string, string | null> | null | undefined;
  value?: string | number;
  options?: readonly Texts[] | undefined;
  choices?: readonly Texts[] | undefined;
}

/** Characters that count towards the 8000: of every text, its longest translation. */
function textLength(texts: Texts): number {
  const longest = (text: string | undefined, others: Record<string, string | null> | null | undefined) =>
    Math.max((text ?? '').length, ...Object.values(others ?? {}).map((other) => (other ?? '').length));
  const own =
    longest(texts.name, texts.name_localizations) + longest(texts.description, texts.description_localizations);
  const value = typeof texts.value === 'string' ? texts.value.length : 0;
  const inner = [...(texts.options ?? []), ...(texts.choices ?? [])];
  return inner.reduce((sum, each) => sum + textLength(each), own + value);
}
