// @ts-check
/** Short notes at the edge of the page: what went wrong and what to do, or what has just happened elsewhere. */
import { RestError } from './rest.js';
import { getState, setState } from './state.js';
import { t } from './text.js';

const ERROR_MS = 8000;
const NOTE_MS = 6000;

let lastId = 0;

/** @param {string} text */
export function showError(text) {
  show({ kind: 'error', text }, ERROR_MS);
}

/**
 * @param {string} text
 * @param {{ label: string, run: () => void }} [action]
 * @param {number} [milliseconds]
 */
export function showNote(text, action, milliseconds = NOTE_MS) {
  show({ kind: 'note', text, ...(action && { action }) }, milliseconds);
}

/**
 * @param {Omit<import('./state.js').Toast, 'id'>} toast
 * @param {number} milliseconds
 */
function show(toast, milliseconds) {
  const id = ++lastId;
  const same = getState().toasts.filter(({ text }) => text !== toast.text);
  setState({ toasts: [...same.slice(-2), { ...toast, id }] });
  setTimeout(() => hideToast(id), milliseconds);
}

/** @param {number} id */
export function hideToast(id) {
  setState({ toasts: getState().toasts.filter((toast) => toast.id !== id) });
}

/** Words a failed request for people. @param {unknown} error */
export function explain(error) {
  if (!(error instanceof RestError)) return t('error_network');
  if (error.status === 429) return t('error_too_fast');
  if (error.status === 413) return t('error_file_too_large');
  if (error.status === 507) return t('error_disk_full');
  if (error.code === 50013 || error.code === 50001) return t('error_not_allowed');
  if (error.code === 10008 || error.code === 10003) return t('error_gone');
  if (error.code === 50035) return t('error_not_accepted');
  return t('error_other', { message: error.message });
}

/** Runs a request and shows what went wrong. @param {() => Promise<unknown>} work */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    showError(explain(error));
    return false;
  }
}
