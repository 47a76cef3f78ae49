/** What a person chose in a select or wrote into a modal, held against what the bot offered. */
import { ApplicationCommandOptionType as Option, ComponentType as Type } from 'discord-api-types/v10';
import { z } from 'zod';
import { type Resolved, resolveEntity } from './options.ts';
import type { AnyComponent } from './validate/components.ts';
import { fieldError, parseForm } from './validate/form.ts';
import type { Modal, ModalInput } from './validate/modal.ts';
import type { World } from './world.ts';

type Path = readonly (string | number)[];
type Json = Record<string, unknown>;

const ENTITY_OPTION: Record<number, number> = {
  [Type.UserSelect]: Option.User,
  [Type.RoleSelect]: Option.Role,
  [Type.MentionableSelect]: Option.Mentionable,
  [Type.ChannelSelect]: Option.Channel,
};

interface Choosable extends AnyComponent {
  options?: readonly { value: string }[];
  min_values?: number | undefined;
  max_values?: number | undefined;
  required?: boolean | undefined;
}

/** The values chosen in a select, checked; null for what is no select. @throws ApiError 50035 */
export function submittedValues(
  world: World,
  component: Choosable,
  values: readonly string[],
  path: Path,
  resolved: Resolved,
): string[] | null {
  const isEntity = component.type in ENTITY_OPTION;
  const isGroup = component.type === Type.CheckboxGroup || component.type === Type.RadioGroup;
  if (component.type !== Type.StringSelect && !isEntity && !isGroup) return null;
  const unique = [...new Set(values)];
  const least = component.min_values ?? 1;
  const most = component.max_values ?? (component.type === Type.CheckboxGroup ? (component.options?.length ?? 1) : 1);
  const mayBeEmpty = component.required === false && unique.length === 0;
  if (!mayBeEmpty && (unique.length < least || unique.length > most)) {
    throw fieldError(path, 'SELECT_COMPONENT_VALUES_COUNT', `Choose ${least} to ${most}`);
  }
  const isOffered = (value: string) =>
    isEntity
      ? resolveEntity(world, ENTITY_OPTION[component.type] ?? 0, value, resolved)
      : component.options?.some((option) => option.value === value) === true;
  if (!unique.every(isOffered)) throw fieldError(path, 'SELECT_COMPONENT_INVALID_VALUE', 'Not one of the options');
  return unique;
}

const input = z.object({
  custom_id: z.string(),
  value: z.union([z.string(), z.boolean()]).nullish(),
  values: z.array(z.string()).max(25).optional(),
});
const line = z.object({ component: input.optional(), components: z.array(input).optional() });
type Input = z.infer<typeof input>;

/** The filled-in modal in the shape a bot gets it: its own layout, each input with its value. @throws ApiError 50035 */
export function submittedComponents(world: World, modal: Modal, given: readonly unknown[], resolved: Resolved): Json[] {
  const inputs = given.flatMap((each) => {
    const { component, components = [] } = parseForm(line, each);
    return component === undefined ? components : [component];
  });
  const fill = (declared: ModalInput, path: Path): Json => {
    const found = inputs.find(({ custom_id }) => custom_id === declared.custom_id);
    return {
      type: declared.type,
      id: declared.id,
      custom_id: declared.custom_id,
      ...filled(world, declared, found, path, resolved),
    };
  };
  return modal.components.map((component, index) => {
    const path = ['data', 'components', index];
    if (component.type === Type.Label)
      return { type: component.type, id: component.id, component: fill(component.component, path) };
    if (component.type === Type.TextDisplay) return { type: component.type, id: component.id };
    return { type: component.type, id: component.id, components: component.components.map((each) => fill(each, path)) };
  });
}

function filled(world: World, declared: ModalInput, given: Input | undefined, path: Path, resolved: Resolved): Json {
  if (declared.type === Type.Checkbox) return { value: given?.value === true };
  if (declared.type === Type.TextInput) {
    const value = typeof given?.value === 'string' ? given.value : '';
    const least = Math.max(declared.min_length ?? 0, declared.required === false ? 0 : 1);
    const mayBeEmpty = declared.required === false && value === '';
    if (!mayBeEmpty && value.length < least)
      throw fieldError(path, 'BASE_TYPE_MIN_LENGTH', `Must be ${least} or more in length.`);
    const most = declared.max_length ?? 4000;
    if (value.length > most) throw fieldError(path, 'BASE_TYPE_MAX_LENGTH', `Must be ${most} or fewer in length.`);
    return { value };
  }
  if (declared.type === Type.RadioGroup) {
    const chosen = typeof given?.value === 'string' ? [given.value] : [];
    return { value: submittedValues(world, declared, chosen, path, resolved)?.[0] ?? null };
  }
  return { values: submittedValues(world, declared, given?.values ?? [], path, resolved) ?? [] };
}
