/** Buttons, selects and modals in few words. */
import {
  type APIButtonComponent,
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  type APISelectMenuOption,
  type APIStringSelectComponent,
  ButtonStyle,
  ComponentType,
  TextInputStyle,
} from 'discord-api-types/v10';
import { type CustomId, encodeCustomId } from './custom-id.ts';
import { LIMITS } from './limits.ts';
import type { Row } from './payload.ts';
import { truncate } from './text.ts';

type Tone = 'primary' | 'secondary' | 'success' | 'danger';
const STYLES = {
  primary: ButtonStyle.Primary,
  secondary: ButtonStyle.Secondary,
  success: ButtonStyle.Success,
  danger: ButtonStyle.Danger,
} as const;

export function button(id: CustomId, label: string, tone: Tone = 'secondary', emoji?: string): APIButtonComponent {
  return {
    type: ComponentType.Button,
    style: STYLES[tone],
    custom_id: encodeCustomId(id),
    label: truncate(label, LIMITS.buttonLabel),
    ...(emoji === undefined ? {} : { emoji: { name: emoji } }),
  };
}

export const row = (...components: Row['components']): Row => ({ type: ComponentType.ActionRow, components });

/** A menu of one choice. `chosen` is the option shown beforehand. */
export function select(
  customId: string,
  options: readonly APISelectMenuOption[],
  placeholder: string,
  chosen?: string,
): APIStringSelectComponent {
  return {
    type: ComponentType.StringSelect,
    custom_id: customId,
    placeholder: truncate(placeholder, LIMITS.placeholder),
    min_values: 1,
    max_values: 1,
    options: options.map((option) => (option.value === chosen ? { ...option, default: true } : option)),
  };
}

export function modal(
  id: CustomId,
  title: string,
  components: APILabelComponent[],
): APIModalInteractionResponseCallbackData {
  return { custom_id: encodeCustomId(id), title: truncate(title, LIMITS.modalTitle), components };
}

/** A field of a modal: a label over a text input or a select. */
export function labelled(
  label: string,
  component: APILabelComponent['component'],
  description?: string,
): APILabelComponent {
  return {
    type: ComponentType.Label,
    label: truncate(label, LIMITS.labelText),
    ...(description === undefined ? {} : { description: truncate(description, LIMITS.labelDescription) }),
    component,
  };
}

export function textInput(
  customId: string,
  { long = false, value = '', placeholder = '', most = LIMITS.textInput as number, required = true } = {},
): APILabelComponent['component'] {
  return {
    type: ComponentType.TextInput,
    custom_id: customId,
    style: long ? TextInputStyle.Paragraph : TextInputStyle.Short,
    required,
    min_length: required ? 1 : 0,
    max_length: most,
    ...(value === '' ? {} : { value: truncate(value, most) }),
    ...(placeholder === '' ? {} : { placeholder: truncate(placeholder, 100) }),
  };
}
