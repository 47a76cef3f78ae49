/**
 * Discord's limits as data, and a checker that counts a built message against them. Lengths are counted in UTF-16 units,
 * which is never less than Discord's own count, so what passes here passes there.
 * Source: Discord's API documentation (resources/message, components/reference, interactions/application-commands), 2026-08.
 */
import {
  type APIEmbed,
  type APIModalInteractionResponseCallbackData,
  ButtonStyle,
  ComponentType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import type { Payload, Row } from './payload.ts';

export const LIMITS = Object.freeze({
  content: 2000,
  embeds: 10,
  /** Titles, descriptions, field names and values, footers and authors of all embeds of a message, added up. */
  embedsTotal: 6000,
  embedTitle: 256,
  embedDescription: 4096,
  embedFields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  author: 256,
  /** Of the first kind of layout, which is the one we use; with containers it would be 40 components in all. */
  rows: 5,
  buttonsInRow: 5,
  components: 40,
  customId: 100,
  buttonLabel: 80,
  options: 25,
  optionText: 100,
  placeholder: 150,
  files: 10,
  /** Bytes of one file where a server has not been boosted; interactions tell their own in attachment_size_limit. */
  fileBytes: 10 * 1024 * 1024,
  nonce: 25,
  modalTitle: 45,
  modalComponents: 5,
  labelText: 45,
  labelDescription: 100,
  textInput: 4000,
  commandName: 32,
  commandDescription: 100,
  commandOptions: 25,
  commandChoices: 25,
  /** Names, descriptions and choice values of a command, its subcommands and options, added up. */
  commandTotal: 8000,
  commands: 100,
  autocompleteChoices: 25,
});

/** What is wrong with `payload`, each as "where: what (value > limit)"; empty when Discord would take it. */
export function violations(payload: Payload): string[] {
  const found = new Findings();
  found.most('content', payload.content.length, LIMITS.content);
  found.most('embeds', payload.embeds.length, LIMITS.embeds);
  found.most('files', payload.files.length, LIMITS.files);
  for (const file of payload.files) found.most(`file ${file.name}`, file.data.byteLength, LIMITS.fileBytes);
  const total = payload.embeds.reduce((sum, embed) => sum + embedLength(embed), 0);
  found.most('embeds in sum', total, LIMITS.embedsTotal);
  for (const [index, embed] of payload.embeds.entries()) checkEmbed(found, `embeds[${index}]`, embed, payload);
  checkRows(found, payload.components);
  if (payload.content.trim() === '' && payload.embeds.length + payload.files.length === 0) found.add('message: empty');
  if (payload.allowedMentions.parse.length > 0) found.add('allowed mentions: something is parsed');
  return found.list;
}

/** Throws, naming every limit broken: a builder that can do this has a bug. */
export function assertWithinLimits(payload: Payload): Payload {
  const found = violations(payload);
  if (found.length > 0) throw new Error(`message breaks Discord's limits: ${found.join('; ')}`);
  return payload;
}

/** As `violations`, for a modal. */
export function modalViolations(modal: APIModalInteractionResponseCallbackData): string[] {
  const found = new Findings();
  found.text('title', modal.title, LIMITS.modalTitle);
  found.text('custom_id', modal.custom_id, LIMITS.customId);
  found.most('components', modal.components.length, LIMITS.modalComponents);
  const ids: string[] = [];
  for (const [index, label] of modal.components.entries()) {
    const where = `components[${index}]`;
    if (label.type !== ComponentType.Label) {
      found.add(`${where}: not a label`);
      continue;
    }
    found.text(`${where}.label`, label.label, LIMITS.labelText);
    if (label.description !== undefined) found.text(`${where}.description`, label.description, LIMITS.labelDescription);
    const inner = label.component;
    ids.push(inner.custom_id);
    found.text(`${where}.custom_id`, inner.custom_id, LIMITS.customId);
    if (inner.type === ComponentType.TextInput) {
      found.most(`${where}.value`, inner.value?.length ?? 0, Math.min(LIMITS.textInput, inner.max_length ?? Infinity));
      found.most(`${where}.max_length`, inner.max_length ?? 0, LIMITS.textInput);
      found.most(`${where}.placeholder`, inner.placeholder?.length ?? 0, 100);
    } else if (inner.type === ComponentType.StringSelect) {
      checkOptions(found, where, inner.options);
    }
  }
  if (new Set(ids).size !== ids.length) found.add('custom ids: one is used twice');
  return found.list;
}

/** As `violations`, for a slash command's declaration. */
export function commandViolations(command: RESTPostAPIChatInputApplicationCommandsJSONBody): string[] {
  const found = new Findings();
  const total = walkCommand(found, command.name, command);
  found.most(`${command.name} in sum`, total, LIMITS.commandTotal);
  return found.list;
}

const COMMAND_NAME = /^[-_'\p{Ll}\p{Lm}\p{Lo}\p{N}]{1,32}$/u;

interface Described {
  name: string;
  description: string;
  name_localizations?: Partial<Record<string, string | null>> | null | undefined;
  description_localizations?: Partial<Record<string, string | null>> | null | undefined;
  options?: readonly Described[] | undefined;
  choices?: readonly { name: string; value: string | number }[] | undefined;
  required?: boolean | undefined;
}

/** Checks a command, subcommand or option; returns its length as Discord sums it up. */
function walkCommand(found: Findings, where: string, part: Described): number {
  const names = [part.name, ...localised(part.name_localizations)];
  const descriptions = [part.description, ...localised(part.description_localizations)];
  for (const name of names) if (!COMMAND_NAME.test(name)) found.add(`${where}: the name "${name}" is not allowed`);
  for (const text of descriptions) found.text(`${where}.description`, text, LIMITS.commandDescription);
  found.most(`${where}.options`, part.options?.length ?? 0, LIMITS.commandOptions);
  found.most(`${where}.choices`, part.choices?.length ?? 0, LIMITS.commandChoices);
  const required = (part.options ?? []).map((option) => option.required ?? false);
  if (required.some((is, index) => is && !required.slice(0, index).every(Boolean))) {
    found.add(`${where}: a required option stands after an optional one`);
  }
  let sum = longest(names) + longest(descriptions);
  for (const choice of part.choices ?? []) {
    found.text(`${where}.choice`, choice.name, LIMITS.optionText);
    sum += choice.name.length + String(choice.value).length;
  }
  for (const option of part.options ?? []) sum += walkCommand(found, `${where} ${option.name}`, option);
  return sum;
}

const localised = (texts: Described['name_localizations']): string[] =>
  Object.values(texts ?? {}).filter((text) => text !== null && text !== undefined);

const longest = (texts: readonly string[]): number => Math.max(...texts.map((text) => text.length));

function embedLength(embed: APIEmbed): number {
  const fields = (embed.fields ?? []).reduce((sum, field) => sum + field.name.length + field.value.length, 0);
  const ends = (embed.footer?.text.length ?? 0) + (embed.author?.name.length ?? 0);
  return (embed.title?.length ?? 0) + (embed.description?.length ?? 0) + fields + ends;
}

function checkEmbed(found: Findings, where: string, embed: APIEmbed, payload: Payload): void {
  if (embed.title !== undefined) found.text(`${where}.title`, embed.title, LIMITS.embedTitle);
  if (embed.description !== undefined) found.text(`${where}.description`, embed.description, LIMITS.embedDescription);
  if (embed.footer) found.text(`${where}.footer`, embed.footer.text, LIMITS.footer);
  if (embed.author) found.text(`${where}.author`, embed.author.name, LIMITS.author);
  found.most(`${where}.fields`, embed.fields?.length ?? 0, LIMITS.embedFields);
  for (const [index, field] of (embed.fields ?? []).entries()) {
    found.text(`${where}.fields[${index}].name`, field.name, LIMITS.fieldName);
    found.text(`${where}.fields[${index}].value`, field.value, LIMITS.fieldValue);
  }
  if (embedLength(embed) === 0 && !embed.image) found.add(`${where}: empty`);
  const image = embed.image?.url.match(/^attachment:\/\/(.*)$/)?.[1];
  if (image !== undefined && !payload.files.some((file) => file.name === image)) {
    found.add(`${where}.image: ${image} is not attached`);
  }
}

function checkRows(found: Findings, rows: readonly Row[]): void {
  found.most('rows', rows.length, LIMITS.rows);
  const ids: string[] = [];
  let count = rows.length;
  for (const [index, row] of rows.entries()) {
    const where = `rows[${index}]`;
    count += row.components.length;
    if (row.components.length === 0) found.add(`${where}: empty`);
    found.most(`${where}.buttons`, row.components.length, LIMITS.buttonsInRow);
    for (const component of row.components) {
      if ('custom_id' in component) {
        ids.push(component.custom_id);
        found.text(`${where}.custom_id`, component.custom_id, LIMITS.customId);
      }
      if (component.type === ComponentType.Button) {
        if (component.style !== ButtonStyle.Premium) {
          found.text(`${where}.label`, component.label ?? '', LIMITS.buttonLabel);
        }
      } else {
        found.most(`${where}: selects and what stands beside them`, row.components.length, 1);
        found.most(`${where}.placeholder`, component.placeholder?.length ?? 0, LIMITS.placeholder);
        if (component.type === ComponentType.StringSelect) checkOptions(found, where, component.options);
      }
    }
  }
  found.most('components', count, LIMITS.components);
  if (new Set(ids).size !== ids.length) found.add('custom ids: one is used twice');
}

interface OptionLike {
  label: string;
  value: string;
  description?: string | undefined;
  default?: boolean | undefined;
}

function checkOptions(found: Findings, where: string, options: readonly OptionLike[]): void {
  found.most(`${where}.options`, options.length, LIMITS.options);
  if (options.length === 0) found.add(`${where}.options: none`);
  for (const option of options) {
    found.text(`${where}.option.label`, option.label, LIMITS.optionText);
    found.text(`${where}.option.value`, option.value, LIMITS.optionText);
    if (option.description !== undefined)
      found.text(`${where}.option.description`, option.description, LIMITS.optionText);
  }
  if (new Set(options.map((option) => option.value)).size !== options.length)
    found.add(`${where}: a value is there twice`);
  found.most(`${where}: options chosen beforehand`, options.filter((option) => option.default).length, 1);
}

/** Collects what is wrong, so that one run names everything. */
class Findings {
  readonly list: string[] = [];

  add(problem: string): void {
    this.list.push(problem);
  }

  most(where: string, value: number, limit: number): void {
    if (value > limit) this.add(`${where} (${value} > ${limit})`);
  }

  /** A text that has to be there: Discord trims white space and refuses what is then empty. */
  text(where: string, text: string, limit: number): void {
    if (text.trim() === '') this.add(`${where}: empty`);
    this.most(where, text.length, limit);
  }
}
