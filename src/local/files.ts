/** The files of a message: as they were uploaded, as they are kept, and the links of the message to them. */
import { imageInfo } from './image-size.ts';
import type { Attachment, MessageBody, NewAttachment } from './messages.ts';
import { refusals } from './rest/errors.ts';
import { fieldError } from './validate/form.ts';
import { MAX_FILE_BYTES, MAX_FILES, type MessageCreate, type MessageEdit } from './validate/message.ts';
import type { World } from './world.ts';

export interface UploadedFile {
  /** The n of the form's part `files[n]`. */
  index: number;
  filename: string;
  data: Buffer;
}

/** Every `attachment://name` must name a file of the message. */
export function checkFileLinks(body: MessageBody, attachments: readonly Attachment[]): void {
  for (const part of ['embeds', 'components'] as const) {
    for (const [, name] of JSON.stringify(body[part]).matchAll(/"attachment:\/\/([^"]*)"/g)) {
      if (!attachments.some(({ filename }) => filename === name)) {
        throw fieldError([part], 'BASE_TYPE_INVALID_ATTACHMENT', `No file of the message is called "${name}"`);
      }
    }
  }
}

/** Uploaded files as attachments; a picture is what its bytes say. @throws ApiError 40005, 50035 */
export function newAttachments(
  world: World,
  entries: NonNullable<MessageCreate['attachments']>,
  files: readonly UploadedFile[],
): NewAttachment[] {
  if (files.length > MAX_FILES)
    throw fieldError(['attachments'], 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_FILES} or fewer in length.`);
  return files.map((file) => {
    if (file.data.length > MAX_FILE_BYTES) throw refusals.tooLarge();
    const entry = entries.find(({ id }) => String(id) === String(file.index));
    const image = imageInfo(file.data);
    return {
      id: world.ids.next(),
      filename: safeFilename(entry?.filename ?? file.filename),
      description: entry?.description ?? null,
      contentType: image?.contentType ?? 'application/octet-stream',
      width: image?.width ?? null,
      height: image?.height ?? null,
      size: file.data.length,
      data: file.data,
    };
  });
}

/** Discord's alphabet for names of files. */
function safeFilename(name: string): string {
  const plain = name
    .replaceAll(/[^\p{L}\p{N}_.-]+/gu, '_')
    .replaceAll(/^\.+/g, '')
    .slice(-100);
  return plain === '' ? 'file' : plain;
}

/** Without a list every file stays; with one, those it names by id. */
export function keptAttachments(old: readonly Attachment[], entries: MessageEdit['attachments']): Attachment[] {
  if (entries === undefined || entries === null) return [...old];
  return old.flatMap((file) => {
    const entry = entries.find(({ id }) => String(id) === file.id);
    return entry === undefined ? [] : [{ ...file, description: entry.description ?? file.description }];
  });
}
