// @ts-check
/** What a teacher may do for the class: the join code, roles, return codes, taking somebody out. */
import { loadCommands } from './interactions.js';
import { rest } from './rest.js';
import { getState } from './state.js';
import { attempt } from './toasts.js';

/** A new join code; the old one stops working. */
export async function renewJoinCode() {
  const { guild, joinCode } = getState();
  if (guild === null) return;
  await attempt(() => rest('DELETE', `/invites/${joinCode}`));
  await loadCommands();
}

/** @param {string} userId */
export async function newReturnCode(userId) {
  const { guild } = getState();
  const answer = await rest('POST', `/guilds/${guild?.id}/members/${userId}/return-code`);
  return String(answer.return_code);
}

/**
 * @param {string} userId
 * @param {boolean} teacher
 */
export function setTeacher(userId, teacher) {
  const { guild } = getState();
  const role = guild?.roles.find((each) => each.id !== guild.id && (BigInt(each.permissions) & 32n) !== 0n);
  return attempt(() =>
    rest('PATCH', `/guilds/${guild?.id}/members/${userId}`, { roles: teacher && role ? [role.id] : [] }),
  );
}

/** @param {string} userId */
export function removeFromClass(userId) {
  return attempt(() => rest('DELETE', `/guilds/${getState().guild?.id}/members/${userId}`));
}
