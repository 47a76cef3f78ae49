/** Reading a request's body: JSON, or multipart with `payload_json` and `files[n]`, as Discord takes them; never more than a limit. */
import type { IncomingMessage } from 'node:http';
import type { UploadedFile } from '../files.ts';
import { MAX_FILE_BYTES, MAX_FILES } from '../validate/message.ts';
import { refusals } from './errors.ts';

const MAX_JSON_BYTES = 2 * 1024 * 1024;
const MAX_FORM_BYTES = 3 * MAX_FILE_BYTES;

export interface Body {
  json: unknown;
  files: UploadedFile[];
}

/** @throws ApiError 40005 too large, 50109 not JSON */
export async function readBody(request: IncomingMessage): Promise<Body> {
  if (request.method === 'GET' || request.method === 'HEAD') return { json: undefined, files: [] };
  const type = request.headers['content-type'] ?? '';
  const isForm = type.startsWith('multipart/form-data');
  const bytes = await readBytes(request, isForm ? MAX_FORM_BYTES : MAX_JSON_BYTES);
  if (isForm) return readForm(bytes, type);
  return { json: bytes.length === 0 ? undefined : parseJson(bytes.toString('utf8')), files: [] };
}

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer<ArrayBuffer>> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw refusals.tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = chunk;
    size += bytes.length;
    if (size > limit) throw refusals.tooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

async function readForm(bytes: Buffer<ArrayBuffer>, type: string): Promise<Body> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData().catch(() => {
    throw refusals.badJson();
  });
  const files: UploadedFile[] = [];
  let json: unknown = {};
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') {
      if (name === 'payload_json') json = parseJson(value);
      continue;
    }
    const index = Number(/^files\[(\d{1,3})\]$/.exec(name)?.[1] ?? files.length);
    if (files.length >= MAX_FILES || value.size > MAX_FILE_BYTES) throw refusals.tooLarge();
    files.push({ index, filename: value.name, data: Buffer.from(await value.arrayBuffer()) });
  }
  return { json, files };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusals.badJson();
  }
}
