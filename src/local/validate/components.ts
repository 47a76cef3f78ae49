/**
 * Components of messages: what Discord takes and where its limits lie (TRUST.md A3; components/reference of its docs).
 * Rows of buttons or one select; with the V2 flag also text, sections, media and containers.
 */
import { ComponentType as Type } from 'discord-api-types/v10';
import { z } from 'zod';
import { issue } from './form.ts';

export const COMPONENTS_V2_FLAG = 1 << 15;
const MAX_ROWS = 5;
const MAX_V2_COMPONENTS = 40;
const MAX_V2_TEXT = 4000;

export const componentId = z.int().min(0).optional();
export const customId = z.string().min(1).max(100);
const emoji = z.object({
  id: z.string().nullish(),
  name: z.string().min(1).max(64).nullish(),
  animated: z.boolean().optional(),
});

const button = z
  .object({
    type: z.literal(Type.Button),
    id: componentId,
    style: z.int().min(1).max(6),
    label: z.string().max(80).nullish(),
    emoji: emoji.nullish(),
    custom_id: customId.optional(),
    url: z.string().max(512).optional(),
    disabled: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    if (!value.label && !value.emoji) {
      context.addIssue(issue('BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED', 'A label or emoji is required', ['label']));
    }
    if (value.style === 5) {
      if (!/^(https?|discord):\/\//.test(value.url ?? '')) {
        context.addIssue(issue('URL_TYPE_INVALID_SCHEME', 'A link button needs a http or https url', ['url']));
      }
      if (value.custom_id !== undefined) {
        context.addIssue(
          issue('BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE', 'A url button takes no custom id', ['custom_id']),
        );
      }
    } else {
      if (value.custom_id === undefined) {
        context.addIssue(issue('BUTTON_COMPONENT_CUSTOM_ID_REQUIRED', 'A custom id is required', ['custom_id']));
      }
      if (value.url !== undefined) {
        context.addIssue(issue('BUTTON_COMPONENT_INVALID_URL', 'Only a link button may have a url', ['url']));
      }
    }
  });

const selectBase = {
  id: componentId,
  custom_id: customId,
  placeholder: z.string().max(150).nullish(),
  min_values: z.int().min(0).max(25).optional(),
  max_values: z.int().min(1).max(25).optional(),
  disabled: z.boolean().optional(),
  /** In modals only. */
  required: z.boolean().optional(),
};

interface Counted {
  min_values?: number | undefined;
  max_values?: number | undefined;
}

function checkCounts(value: Counted, available: number, context: z.core.$RefinementCtx): void {
  const { min_values: min = 1, max_values: max = 1 } = value;
  if (min > max) {
    context.addIssue(
      issue('SELECT_COMPONENT_MIN_VALUES_GREATER_THAN_MAX_VALUES', 'min_values is above max_values', ['min_values']),
    );
  }
  if (max > available) {
    context.addIssue(
      issue('SELECT_COMPONENT_MAX_VALUES_TOO_LARGE', `max_values is above the ${available} options`, ['max_values']),
    );
  }
}

const selectOption = z.object({
  label: z.string().min(1).max(100),
  value: z.string().min(1).max(100),
  description: z.string().max(100).nullish(),
  emoji: emoji.nullish(),
  default: z.boolean().optional(),
});

export const stringSelect = z
  .object({ type: z.literal(Type.StringSelect), ...selectBase, options: z.array(selectOption).min(1).max(25) })
  .superRefine((value, context) => {
    checkCounts(value, value.options.length, context);
    const seen = new Set<string>();
    value.options.forEach((option, index) => {
      if (seen.has(option.value)) {
        context.addIssue(
          issue('SELECT_COMPONENT_OPTION_VALUE_DUPLICATED', 'The value is used twice', ['options', index, 'value']),
        );
      }
      seen.add(option.value);
    });
    const defaults = value.options.filter((option) => option.default === true).length;
    if (defaults > (value.max_values ?? 1)) {
      context.addIssue(
        issue('SELECT_COMPONENT_TOO_MANY_DEFAULT_OPTIONS', 'More defaults than max_values', ['options']),
      );
    }
  });

const defaultValues = z
  .array(z.object({ id: z.string(), type: z.enum(['user', 'role', 'channel']) }))
  .max(25)
  .optional();
const entitySelect = <T extends Type.UserSelect | Type.RoleSelect | Type.MentionableSelect | Type.ChannelSelect>(
  type: T,
) =>
  z
    .object({
      type: z.literal(type),
      ...selectBase,
      default_values: defaultValues,
      channel_types: z.array(z.int()).optional(),
    })
    .superRefine((value, context) => checkCounts(value, 25, context));

export const userSelect = entitySelect(Type.UserSelect);
export const roleSelect = entitySelect(Type.RoleSelect);
export const mentionableSelect = entitySelect(Type.MentionableSelect);
export const channelSelect = entitySelect(Type.ChannelSelect);

const rowChild = z.discriminatedUnion('type', [
  button,
  stringSelect,
  userSelect,
  roleSelect,
  mentionableSelect,
  channelSelect,
]);

const actionRow = z
  .object({ type: z.literal(Type.ActionRow), id: componentId, components: z.array(rowChild).min(1).max(5) })
  .superRefine((value, context) => {
    const selects = value.components.filter((child) => child.type !== Type.Button).length;
    if (selects > 0 && value.components.length > 1) {
      context.addIssue(issue('COMPONENT_LAYOUT_WIDTH_EXCEEDED', 'A select fills its row alone', ['components']));
    }
  });

const media = z.object({ url: z.string().min(1).max(2048) });
export const textDisplay = z.object({
  type: z.literal(Type.TextDisplay),
  id: componentId,
  content: z.string().min(1).max(4000),
});
const thumbnail = z.object({
  type: z.literal(Type.Thumbnail),
  id: componentId,
  media,
  description: z.string().max(1024).nullish(),
  spoiler: z.boolean().optional(),
});
const section = z.object({
  type: z.literal(Type.Section),
  id: componentId,
  components: z.array(textDisplay).min(1).max(3),
  accessory: z.discriminatedUnion('type', [button, thumbnail]),
});
const mediaGallery = z.object({
  type: z.literal(Type.MediaGallery),
  id: componentId,
  items: z
    .array(z.object({ media, description: z.string().max(1024).nullish(), spoiler: z.boolean().optional() }))
    .min(1)
    .max(10),
});
const file = z.object({ type: z.literal(Type.File), id: componentId, file: media, spoiler: z.boolean().optional() });
const separator = z.object({
  type: z.literal(Type.Separator),
  id: componentId,
  divider: z.boolean().optional(),
  spacing: z.int().min(1).max(2).optional(),
});
const container = z.object({
  type: z.literal(Type.Container),
  id: componentId,
  components: z
    .array(z.discriminatedUnion('type', [actionRow, textDisplay, section, mediaGallery, file, separator]))
    .min(1),
  accent_color: z.int().min(0).max(0xffffff).nullish(),
  spoiler: z.boolean().optional(),
});

const topLevel = z.discriminatedUnion('type', [
  actionRow,
  textDisplay,
  section,
  mediaGallery,
  file,
  separator,
  container,
]);

export const messageComponents = z.array(topLevel);
export type MessageComponents = z.infer<typeof messageComponents>;
/** Any component, as a tree to walk. */
export interface AnyComponent {
  type: number;
  id?: number | undefined;
  custom_id?: string | undefined;
  content?: string | undefined;
  components?: readonly AnyComponent[] | undefined;
  component?: AnyComponent | undefined;
  accessory?: AnyComponent | undefined;
}

/** The components under `tree`, itself first. */
export function* walk(tree: AnyComponent): Generator<AnyComponent> {
  yield tree;
  for (const child of tree.components ?? []) yield* walk(child);
  if (tree.component) yield* walk(tree.component);
  if (tree.accessory) yield* walk(tree.accessory);
}

/** The rules over all components of a message together. */
export function checkTogether(
  components: readonly AnyComponent[],
  isV2: boolean,
  context: z.core.$RefinementCtx,
): void {
  const all = components.flatMap((component) => [...walk(component)]);
  const path = ['components'];
  if (!isV2) {
    if (components.length > MAX_ROWS) {
      context.addIssue(issue('BASE_TYPE_BAD_LENGTH', `Must be between 1 and ${MAX_ROWS} in length.`, path));
    }
    components.forEach((component, index) => {
      if (component.type !== Type.ActionRow) {
        context.addIssue(
          issue('UNION_TYPE_CHOICES', 'Only action rows without the components V2 flag', [...path, index, 'type']),
        );
      }
    });
  } else {
    if (all.length > MAX_V2_COMPONENTS) {
      context.addIssue(
        issue('COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED', `More than ${MAX_V2_COMPONENTS} components`, path),
      );
    }
    const text = all.reduce(
      (sum, { type, content }) => sum + (type === Type.TextDisplay ? (content ?? '').length : 0),
      0,
    );
    if (text > MAX_V2_TEXT) {
      context.addIssue(
        issue('COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED', `More than ${MAX_V2_TEXT} characters of text`, path),
      );
    }
  }
  checkUniqueCustomIds(all, context);
}

export function checkUniqueCustomIds(all: readonly AnyComponent[], context: z.core.$RefinementCtx): void {
  const seen = new Set<string>();
  for (const { custom_id } of all) {
    if (custom_id === undefined) continue;
    if (seen.has(custom_id)) {
      context.addIssue(
        issue('COMPONENT_CUSTOM_ID_DUPLICATED', `Component custom id "${custom_id}" cannot be duplicated`, [
          'components',
        ]),
      );
    }
    seen.add(custom_id);
  }
}

/** Numbers every component that came without an id, as Discord does. Changes the tree it is given. */
export function numberComponents(components: readonly AnyComponent[]): void {
  const all = components.flatMap((component) => [...walk(component)]);
  const taken = new Set(all.map(({ id }) => id));
  let next = 1;
  for (const component of all) {
    if (component.id) continue;
    while (taken.has(next)) next++;
    component.id = next++;
  }
}
