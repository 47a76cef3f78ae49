// @ts-check
/** Discord's REST API with the token of whoever joined; waits and tries again where the server says so. */
import { forget, recall, remember } from './storage.js';
import { discordLocale } from './text.js';

const API = '/api/v10';
const MAX_TRIES = 3;

/** A refusal, as the server words it for programs. `fields` are the codes of the fields at fault, by dotted path. */
export class RestError extends Error {
  /**
   * @param {number} status
   * @param {{ message?: string, code?: number, errors?: unknown, retry_after?: number }} body
   */
  constructor(status, body) {
    super(body.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? 0;
    this.retryAfter = body.retry_after ?? 0;
    /** @type {Record<string, string>} */
    this.fields = {};
    collect(body.errors, '', this.fields);
  }
}

/**
 * @param {unknown} errors
 * @param {string} path
 * @param {Record<string, string>} fields
 */
function collect(errors, path, fields) {
  if (typeof errors !== 'object' || errors === null) return;
  for (const [name, value] of Object.entries(errors)) {
    if (name === '_errors') fields[path] = value[0]?.code ?? '';
    else collect(value, path === '' ? name : `${path}.${name}`, fields);
  }
}

export function savedToken() {
  return recall('token');
}

/** @param {string | null} token */
export function saveToken(token) {
  if (token === null) forget('token');
  else remember('token', token);
}

let lastNonce = 0;

/** A name for one sending, so that what comes back is known as ours and never sent twice. */
export function newNonce() {
  lastNonce = Math.max(Date.now(), lastNonce + 1);
  return `${lastNonce}${Math.floor(Math.random() * 1e6)}`.slice(0, 25);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {readonly File[]} [files]
 * @returns {Promise<any>}
 */
export async function rest(method, path, body, files = []) {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(API + path, { method, headers: headersFor(body, files), body: bodyFor(body, files) });
    if (answer.status === 204) return undefined;
    const json = await answer.json().catch(() => ({}));
    if (answer.ok) return json;
    const error = new RestError(answer.status, json);
    const mayWait = answer.status === 429 && error.retryAfter <= 10 && attempt < MAX_TRIES && !path.startsWith('/auth');
    if (!mayWait) throw error;
    await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
  }
}

/**
 * @param {unknown} body
 * @param {readonly File[]} files
 */
function headersFor(body, files) {
  /** @type {Record<string, string>} */
  const headers = { 'x-discord-locale': discordLocale() };
  const token = savedToken();
  if (token !== null) headers.authorization = token;
  if (body !== undefined && files.length === 0) headers['content-type'] = 'application/json';
  return headers;
}

/**
 * @param {unknown} body
 * @param {readonly File[]} files
 */
function bodyFor(body, files) {
  if (body === undefined) return undefined;
  if (files.length === 0) return JSON.stringify(body);
  const form = new FormData();
  form.append('payload_json', JSON.stringify(body));
  for (const [index, file] of files.entries()) form.append(`files[${index}]`, file, file.name);
  return form;
}
