/** Modals and autocomplete answers: callback data of types 9 and 8, under Discord's limits. */
import { ComponentType as Type } from 'discord-api-types/v10';
import { z } from 'zod';
import {
  type AnyComponent,
  channelSelect,
  checkUniqueCustomIds,
  componentId,
  customId,
  mentionableSelect,
  roleSelect,
  stringSelect,
  textDisplay,
  userSelect,
  walk,
} from './components.ts';
import { issue } from './form.ts';

const MAX_INPUT = 4000;

const textInput = z
  .object({
    type: z.literal(Type.TextInput),
    id: componentId,
    custom_id: customId,
    style: z.int().min(1).max(2),
    label: z.string().min(1).max(45).nullish(),
    min_length: z.int().min(0).max(MAX_INPUT).optional(),
    max_length: z.int().min(1).max(MAX_INPUT).optional(),
    required: z.boolean().optional(),
    value: z.string().max(MAX_INPUT).nullish(),
    placeholder: z.string().max(100).nullish(),
  })
  .superRefine((value, context) => {
    const { min_length: min = 0, max_length: max = MAX_INPUT } = value;
    if (min > max)
      context.addIssue(issue('TEXT_INPUT_MIN_LENGTH_TOO_LARGE', 'min_length is above max_length', ['min_length']));
    const preset = (value.value ?? '').length;
    if (preset > max) context.addIssue(issue('BASE_TYPE_MAX_LENGTH', `Must be ${max} or fewer in length.`, ['value']));
    if (preset > 0 && preset < min)
      context.addIssue(issue('BASE_TYPE_MIN_LENGTH', `Must be ${min} or more in length.`, ['value']));
  });

const groupOption = z.object({
  value: z.string().min(1).max(100),
  label: z.string().min(1).max(100),
  description: z.string().max(100).nullish(),
  default: z.boolean().optional(),
});
const radioGroup = z.object({
  type: z.literal(Type.RadioGroup),
  id: componentId,
  custom_id: customId,
  options: z.array(groupOption).min(2).max(10),
  required: z.boolean().optional(),
});
const checkboxGroup = z.object({
  type: z.literal(Type.CheckboxGroup),
  id: componentId,
  custom_id: customId,
  options: z.array(groupOption).min(1).max(10),
  min_values: z.int().min(0).max(10).optional(),
  max_values: z.int().min(1).max(10).optional(),
  required: z.boolean().optional(),
});
const checkbox = z.object({
  type: z.literal(Type.Checkbox),
  id: componentId,
  custom_id: customId,
  default: z.boolean().optional(),
});

const labelled = z.discriminatedUnion('type', [
  textInput,
  stringSelect,
  userSelect,
  roleSelect,
  mentionableSelect,
  channelSelect,
  radioGroup,
  checkboxGroup,
  checkbox,
]);

const label = z
  .object({
    type: z.literal(Type.Label),
    id: componentId,
    label: z.string().min(1).max(45),
    description: z.string().max(100).nullish(),
    component: labelled,
  })
  .superRefine((value, context) => {
    if (value.component.type === Type.TextInput && value.component.label) {
      context.addIssue(
        issue('TEXT_INPUT_LABEL_IN_LABEL', 'A text input inside a label has no label of its own', [
          'component',
          'label',
        ]),
      );
    }
  });

const inputRow = z
  .object({ type: z.literal(Type.ActionRow), id: componentId, components: z.array(textInput).length(1) })
  .superRefine((value, context) => {
    if (!value.components[0]?.label) {
      context.addIssue(issue('BASE_TYPE_REQUIRED', 'This field is required', ['components', 0, 'label']));
    }
  });

export const modal = z
  .object({
    custom_id: customId,
    title: z.string().min(1).max(45),
    components: z
      .array(z.discriminatedUnion('type', [label, inputRow, textDisplay]))
      .min(1)
      .max(5),
  })
  .superRefine((value, context) => {
    const tree: readonly AnyComponent[] = value.components;
    checkUniqueCustomIds(
      tree.flatMap((component) => [...walk(component)]),
      context,
    );
  });
export type Modal = z.infer<typeof modal>;
export type ModalInput = z.infer<typeof labelled>;

export const autocompleteResult = z.object({
  choices: z
    .array(
      z.object({
        name: z.string().min(1).max(100),
        name_localizations: z.record(z.string(), z.string().max(100).nullable()).nullish(),
        value: z.union([z.string().max(100), z.number()]),
      }),
    )
    .max(25),
});

/** The inputs of a modal, out of their labels and rows. */
export function modalInputs(value: Modal): ModalInput[] {
  return value.components.flatMap((component): ModalInput[] => {
    if (component.type === Type.Label) return [component.component];
    return component.type === Type.ActionRow ? component.components : [];
  });
}
