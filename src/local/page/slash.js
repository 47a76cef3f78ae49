// @ts-check
/**
 * Slash commands as one types them: what fits the letters so far, which options are still to be filled in, and the tree
 * of options that goes to the bot. No elements, no requests: easily tested.
 */

/** @typedef {{ name: string, name_localizations?: Record<string, string | null> | null, value: string | number }} Choice */
/**
 * @typedef {object} CommandOption
 * @property {number} type
 * @property {string} name
 * @property {Record<string, string | null> | null} [name_localizations]
 * @property {string} description
 * @property {Record<string, string | null> | null} [description_localizations]
 * @property {boolean} [required]
 * @property {Choice[]} [choices]
 * @property {CommandOption[]} [options]
 * @property {number} [min_value]
 * @property {number} [max_value]
 * @property {number} [min_length]
 * @property {number} [max_length]
 * @property {boolean} [autocomplete]
 */
/**
 * One thing that can be run: a command, or one of its subcommands.
 * @typedef {object} Entry
 * @property {string} path its name for the bot ("session start")
 * @property {string} label its name for the reader
 * @property {string} description
 * @property {{ id: string, name: string }} command
 * @property {number[]} nesting types of the subcommand levels
 * @property {CommandOption[]} options
 */
/** @typedef {Record<string, string | number | boolean>} Values */

const SUBCOMMAND = 1;
const GROUP = 2;

/**
 * @param {{ name: string, name_localizations?: Record<string, string | null> | null }} named
 * @param {string} locale
 */
export function localName(named, locale) {
  return named.name_localizations?.[locale] ?? named.name;
}

/**
 * @param {{ description: string, description_localizations?: Record<string, string | null> | null }} described
 * @param {string} locale
 */
export function localDescription(described, locale) {
  return described.description_localizations?.[locale] ?? described.description;
}

/**
 * All that can be run: commands in alphabetical order, the parts of each in its own order, the usual first step first.
 * @param {readonly any[]} commands
 * @param {string} locale Discord's name of the language
 * @returns {Entry[]}
 */
export function commandEntries(commands, locale) {
  return commands
    .filter((command) => command.type === 1)
    .sort((a, b) => localName(a, locale).localeCompare(localName(b, locale)))
    .flatMap((command) => flatten({ id: command.id, name: command.name }, command, [], [], [], locale));
}

/**
 * @param {{ id: string, name: string }} command
 * @param {any} level
 * @param {string[]} path
 * @param {string[]} labels
 * @param {number[]} nesting
 * @param {string} locale
 * @returns {Entry[]}
 */
function flatten(command, level, path, labels, nesting, locale) {
  const names = [...path, level.name];
  const shown = [...labels, localName(level, locale)];
  const options = level.options ?? [];
  const nested = options.filter((/** @type {any} */ option) => option.type === SUBCOMMAND || option.type === GROUP);
  if (nested.length > 0) {
    return nested.flatMap((/** @type {any} */ option) =>
      flatten(command, option, names, shown, [...nesting, option.type], locale),
    );
  }
  return [
    {
      path: names.join(' '),
      label: shown.join(' '),
      description: localDescription(level, locale),
      command,
      nesting,
      options,
    },
  ];
}

/**
 * The entries that fit what was typed after the slash, the best first.
 * @param {readonly Entry[]} entries
 * @param {string} typed
 */
export function matchEntries(entries, typed) {
  const wanted = fold(typed.trim());
  if (wanted === '') return [...entries];
  const rank = (/** @type {Entry} */ entry) => {
    const names = [fold(entry.label), fold(entry.path)];
    if (names.some((name) => name.startsWith(wanted))) return 0;
    if (names.some((name) => name.split(' ').some((word) => word.startsWith(wanted)))) return 1;
    return names.some((name) => name.includes(wanted)) ? 2 : 3;
  };
  return entries
    .map((entry) => ({ entry, rank: rank(entry) }))
    .filter((each) => each.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((each) => each.entry);
}

/** Lower case, without accents: "sessão" is found by "sessao". @param {string} text */
function fold(text) {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

/**
 * A whole line ("/turn say text: I love rain") as a command and values; null if no command is named.
 * @param {readonly Entry[]} entries
 * @param {string} line
 * @param {string} locale
 * @returns {{ entry: Entry, values: Values } | null}
 */
export function parseLine(entries, line, locale) {
  if (!line.startsWith('/')) return null;
  const rest = line.slice(1).trimStart();
  const named = entries
    .flatMap((entry) => [entry.label, entry.path].map((name) => ({ entry, name })))
    .filter(({ name }) => fold(rest) === fold(name) || fold(rest).startsWith(`${fold(name)} `))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (named === undefined) return null;
  return { entry: named.entry, values: parseValues(named.entry, rest.slice(named.name.length), locale) };
}

/**
 * @param {Entry} entry
 * @param {string} text "name: value name: value"; text without a name goes to the first option that takes text
 * @param {string} locale
 * @returns {Values}
 */
function parseValues(entry, text, locale) {
  /** @type {{ option: CommandOption, from: number, at: number }[]} */
  const found = [];
  for (const option of entry.options) {
    for (const name of new Set([option.name, localName(option, locale)])) {
      const match = new RegExp(`(?:^|\\s)${escapePattern(name)}:`, 'iu').exec(text);
      if (match !== null && !found.some((each) => each.option === option)) {
        found.push({ option, from: match.index, at: match.index + match[0].length });
      }
    }
  }
  found.sort((a, b) => a.at - b.at);
  /** @type {Values} */
  const values = {};
  const loose = text.slice(0, found[0]?.from ?? text.length).trim();
  const first = entry.options.find((option) => option.type === 3 && !found.some((each) => each.option === option));
  if (loose !== '' && first !== undefined) values[first.name] = optionValue(first, loose, locale);
  found.forEach(({ option, at }, index) => {
    const raw = text.slice(at, found[index + 1]?.from ?? text.length).trim();
    if (raw !== '') values[option.name] = optionValue(option, raw, locale);
  });
  return values;
}

/** @param {string} text */
function escapePattern(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * What was typed for an option as the value it stands for: a choice's, a number (0,6 is 0.6), yes or no.
 * @param {CommandOption} option
 * @param {string} raw
 * @param {string} locale
 */
export function optionValue(option, raw, locale) {
  const choice = option.choices?.find((each) =>
    [each.name, localName(each, locale), String(each.value)].some((name) => fold(name) === fold(raw)),
  );
  if (choice !== undefined) return choice.value;
  if (option.type === 4 || option.type === 10) {
    const number = Number(raw.replace(',', '.'));
    return raw.trim() === '' || Number.isNaN(number) ? raw : number;
  }
  if (option.type === 5) return /^(true|yes|sim|1|y|s)$/i.test(raw);
  return raw;
}

/**
 * What is wrong with the values, by option: `required`, `number`, `too_small`, `too_large`, `too_short`, `too_long`, `choice`.
 * @param {Entry} entry
 * @param {Values} values
 * @returns {Record<string, string>}
 */
export function problemsOf(entry, values) {
  const problems = entry.options.map((option) => [option.name, problemOf(option, values[option.name])]);
  return Object.fromEntries(problems.filter(([, problem]) => problem !== null));
}

/**
 * @param {CommandOption} option
 * @param {string | number | boolean | undefined} value
 */
function problemOf(option, value) {
  if (value === undefined || value === '') return option.required ? 'required' : null;
  if (option.type === 4 || option.type === 10) {
    if (typeof value !== 'number' || (option.type === 4 && !Number.isInteger(value))) return 'number';
    if (option.min_value !== undefined && value < option.min_value) return 'too_small';
    if (option.max_value !== undefined && value > option.max_value) return 'too_large';
  }
  if (typeof value === 'string') {
    if (value.length < (option.min_length ?? 0)) return 'too_short';
    if (value.length > (option.max_length ?? 6000)) return 'too_long';
  }
  if (option.choices?.length && !option.choices.some((choice) => choice.value === value)) return 'choice';
  return null;
}

/**
 * The options as they go to the bot, under their subcommands.
 * @param {Entry} entry
 * @param {Values} values
 * @param {string} [focused] the option one is typing in (completions)
 * @returns {any[]}
 */
export function optionTree(entry, values, focused) {
  /** @type {any[]} */
  let tree = entry.options
    .filter((option) => option.name === focused || (values[option.name] !== undefined && values[option.name] !== ''))
    .map((option) => ({
      type: option.type,
      name: option.name,
      value: values[option.name] ?? '',
      ...(option.name === focused && { focused: true }),
    }));
  const names = entry.path.split(' ');
  for (let level = entry.nesting.length - 1; level >= 0; level--) {
    tree = [{ type: entry.nesting[level], name: names[level + 1], options: tree }];
  }
  return tree;
}
