// @ts-check
/** What the browser remembers for this page; where it may not, what lasts as long as the page does. */

/** @type {Map<string, string>} */
const fallback = new Map();

/** @param {string} key */
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return fallback.get(key) ?? null;
  }
}

/** @param {string} key @param {string} value */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    fallback.set(key, value);
  }
}

/** @param {string} key */
export function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    fallback.delete(key);
  }
}
