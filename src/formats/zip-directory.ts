/**
 * The table of contents of a zip archive whose members lie in it uncompressed, as torch.save writes them, zip64 included.
 * Layout: PKWARE's APPNOTE 6.3.9, sections 4.3 to 4.5. Checksums are not compared: torch can be told to leave them out.
 */
import { UserError } from '../errors.ts';
import { type ByteSource, readRange } from './byte-source.ts';

export interface ZipMember {
  readonly name: string;
  readonly length: number;
  /** Where its local header begins; `memberStart` finds the bytes behind it. */
  readonly header: number;
}

/** Both far above a checkpoint's (a member a tensor, about 100 bytes each), and small enough to hold. */
const MEMBER_LIMIT = 50_000;
const DIRECTORY_LIMIT_BYTES = 8 * 1024 * 1024;

const END = { signature: 0x06054b50, bytes: 22, longestComment: 0xffff };
const END_64_LOCATOR = { signature: 0x07064b50, bytes: 20 };
const END_64 = { signature: 0x06064b50, bytes: 56 };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const ZIP64_FIELD = 0x0001;
const IN_ZIP64 = 0xffffffff;
const ENCRYPTED = 1;
const STORED = 0;

/** Every zip begins with the header of its first member. */
export function isZip(source: ByteSource): boolean {
  return source.size >= 4 && readRange(source, 0, 4).readUInt32LE() === LOCAL.signature;
}

/** The members by name. @throws UserError torch_damaged, file_cut_off, torch_too_large, torch_compressed. */
export function readZipDirectory(source: ByteSource): Map<string, ZipMember> {
  const { count, start, bytes } = findDirectory(source);
  if (count > MEMBER_LIMIT) throw tooLarge(source, 'members', MEMBER_LIMIT);
  if (bytes > DIRECTORY_LIMIT_BYTES) throw tooLarge(source, 'directory', DIRECTORY_LIMIT_BYTES);
  if (!Number.isSafeInteger(start) || start + bytes > source.size) throw damaged(source, 'directory');
  const directory = readRange(source, start, bytes);
  const members = new Map<string, ZipMember>();
  for (let at = 0, i = 0; i < count; i++) {
    const { member, next } = readEntry(source, directory, at);
    if (members.has(member.name)) throw damaged(source, member.name);
    members.set(member.name, member);
    at = next;
  }
  return members;
}

/** Where the bytes of a member begin. @throws UserError torch_damaged. */
export function memberStart(source: ByteSource, { name, length, header }: ZipMember): number {
  if (header + LOCAL.bytes > source.size) throw damaged(source, name);
  const local = readRange(source, header, LOCAL.bytes);
  if (local.readUInt32LE(0) !== LOCAL.signature) throw damaged(source, name);
  // The local header has padding of its own, so that torch's storages lie aligned.
  const start = header + LOCAL.bytes + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (start + length > source.size) throw damaged(source, name);
  return start;
}

/** The end record is the last thing in the file but for a comment; torch writes its zip64 form before it. */
function findDirectory(source: ByteSource): { count: number; start: number; bytes: number } {
  const tailBytes = Math.min(source.size, END.bytes + END.longestComment);
  const tailStart = source.size - tailBytes;
  const tail = readRange(source, tailStart, tailBytes);
  for (let at = tailBytes - END.bytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END.signature) continue;
    if (at + END.bytes + tail.readUInt16LE(at + 20) !== tailBytes) continue;
    return (
      findDirectory64(source, tailStart + at) ?? {
        count: tail.readUInt16LE(at + 10),
        bytes: tail.readUInt32LE(at + 12),
        start: tail.readUInt32LE(at + 16),
      }
    );
  }
  throw new UserError('file_cut_off', { file: source.file, bytes: source.size });
}

function findDirectory64(source: ByteSource, end: number): { count: number; start: number; bytes: number } | null {
  const locatorAt = end - END_64_LOCATOR.bytes;
  if (locatorAt < 0) return null;
  const locator = readRange(source, locatorAt, END_64_LOCATOR.bytes);
  if (locator.readUInt32LE(0) !== END_64_LOCATOR.signature) return null;
  const at = Number(locator.readBigUInt64LE(8));
  if (at + END_64.bytes > source.size) throw damaged(source, 'zip64');
  const record = readRange(source, at, END_64.bytes);
  if (record.readUInt32LE(0) !== END_64.signature) throw damaged(source, 'zip64');
  return {
    count: Number(record.readBigUInt64LE(32)),
    bytes: Number(record.readBigUInt64LE(40)),
    start: Number(record.readBigUInt64LE(48)),
  };
}

function readEntry(source: ByteSource, directory: Buffer, at: number): { member: ZipMember; next: number } {
  if (at + ENTRY.bytes > directory.length || directory.readUInt32LE(at) !== ENTRY.signature)
    throw damaged(source, `directory ${at}`);
  const nameEnd = at + ENTRY.bytes + directory.readUInt16LE(at + 28);
  const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
  const next = extraEnd + directory.readUInt16LE(at + 32);
  if (next > directory.length) throw damaged(source, `directory ${at}`);
  const name = directory.toString('utf8', at + ENTRY.bytes, nameEnd);
  const isPlain = (directory.readUInt16LE(at + 8) & ENCRYPTED) === 0 && directory.readUInt16LE(at + 10) === STORED;
  if (!isPlain) throw new UserError('torch_compressed', { file: source.file, member: name.slice(0, 120) });
  const wide = wideFields(directory.subarray(nameEnd, extraEnd));
  // In this order, and each only where the 32-bit field is full.
  const [length, stored, header] = [24, 20, 42].map((field) => {
    const value = directory.readUInt32LE(at + field);
    return value === IN_ZIP64 ? wide.next().value : value;
  });
  if (length === undefined || stored !== length || header === undefined) throw damaged(source, name);
  if (header + length > source.size) throw damaged(source, name);
  return { member: { name, length, header }, next };
}

/** The 64-bit numbers of an entry's zip64 field. */
function* wideFields(extra: Buffer): Generator<number, undefined> {
  for (let at = 0; at + 4 <= extra.length; ) {
    const bytes = extra.readUInt16LE(at + 2);
    const end = Math.min(at + 4 + bytes, extra.length);
    if (extra.readUInt16LE(at) === ZIP64_FIELD)
      for (let field = at + 4; field + 8 <= end; field += 8) yield Number(extra.readBigUInt64LE(field));
    at = end;
  }
}

function damaged(source: ByteSource, place: string): UserError {
  return new UserError('torch_damaged', { file: source.file, place: `zip: ${place.slice(0, 120)}` });
}

function tooLarge(source: ByteSource, what: string, limit: number): UserError {
  return new UserError('torch_too_large', { file: source.file, what: `zip ${what}`, limit });
}
