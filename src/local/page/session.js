// @ts-check
/** Coming in and going: the token, the connection that goes with it, and what is forgotten when one leaves. */
import { applyEvent } from './events.js';
import { Gateway } from './gateway.js';
import { rest, savedToken, saveToken } from './rest.js';
import { resetState, setState } from './state.js';
import { forget, remember } from './storage.js';
import { discordLocale, t } from './text.js';
import { attempt, showNote } from './toasts.js';

const RETURN_CODE_MS = 20_000;

/** @type {Gateway | null} */
let gateway = null;

/** Goes on with the saved token, or asks for a name. */
export function start() {
  const token = savedToken();
  if (token === null) setState({ phase: 'joining' });
  else connect(token);
}

/** @param {{ global_name: string, invite: string, teacher_code?: string }} form */
export async function join(form) {
  const answer = await rest('POST', '/auth/register', form);
  remember('return_code', answer.return_code);
  saveToken(answer.token);
  connect(answer.token);
  showNote(t('return_code_note', { code: answer.return_code }), undefined, RETURN_CODE_MS);
}

/** @param {{ login: string, password: string, invite: string }} form */
export async function comeBack(form) {
  const answer = await rest('POST', '/auth/login', form);
  remember('return_code', form.password.toUpperCase());
  saveToken(answer.token);
  connect(answer.token);
}

/** @param {string} token */
function connect(token) {
  setState({ phase: 'connecting' });
  gateway?.close();
  gateway = new Gateway(token, {
    event: applyEvent,
    connection: (isOnline) => setState({ connection: isOnline ? 'online' : 'reconnecting' }),
    expelled: leaveHere,
  });
}

function leaveHere() {
  gateway?.close();
  gateway = null;
  saveToken(null);
  forget('return_code');
  history.replaceState(null, '', location.pathname);
  resetState();
}

export async function logOut() {
  await rest('POST', '/auth/logout').catch(() => undefined);
  leaveHere();
}

export async function eraseMe() {
  if (await attempt(() => rest('DELETE', '/users/@me'))) leaveHere();
}

export async function sendLocale() {
  if (savedToken() !== null)
    await rest('PATCH', '/users/@me/settings', { locale: discordLocale() }).catch(() => undefined);
}
