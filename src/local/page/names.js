// @ts-check
/** How people, channels and messages are called in a line of text; who may do what. */
import { getState } from './state.js';
import { t } from './text.js';

const MANAGE_GUILD = 1n << 5n;
const MANAGE_MESSAGES = 1n << 13n;

/** @param {{ username: string, global_name?: string | null }} user */
export function nameOf(user) {
  return user.global_name || user.username;
}

/** @param {string} id */
export function nameOfId(id) {
  const member = getState().members[id];
  return member === undefined ? t('unknown_person') : nameOf(member.user);
}

/** A colour's hue that stays with a person. @param {string} id */
export function hueOf(id) {
  let sum = 0;
  for (const symbol of id) sum = (sum * 31 + symbol.charCodeAt(0)) % 360;
  return sum;
}

/** One or two letters for the round sign beside a name. @param {string} name */
export function initialsOf(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? '?')][0]?.toUpperCase() ?? '?').join('');
}

/** A message in one line, without its marks. @param {import('./state.js').Message} message */
export function messageText(message) {
  const [embed] = message.embeds ?? [];
  const text = message.content || embed?.title || embed?.description || message.attachments?.[0]?.filename || '';
  return text
    .replaceAll(/[*_`~|>#\\]/g, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 160);
}

/**
 * The permissions of a member, all roles together.
 * @param {import('./state.js').Member | undefined} member
 */
export function permissionsOf(member) {
  const { guild } = getState();
  if (guild === null || member === undefined) return 0n;
  return guild.roles
    .filter((role) => role.id === guild.id || member.roles.includes(role.id))
    .reduce((bits, role) => bits | BigInt(role.permissions), 0n);
}

/** @param {import('./state.js').Member | undefined} member */
export function isTeacher(member) {
  return (permissionsOf(member) & MANAGE_GUILD) !== 0n;
}

export function amTeacher() {
  const { me, members } = getState();
  return me !== null && isTeacher(members[me.id]);
}

export function mayManageMessages() {
  const { me, members } = getState();
  return me !== null && (permissionsOf(members[me.id]) & MANAGE_MESSAGES) !== 0n;
}
