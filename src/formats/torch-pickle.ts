/**
 * A pickle as far as a checkpoint of weights needs it, and no further. A pickle is a program for a small stack machine that
 * may call anything Python can import; so this machine knows the few instructions below, builds only the values below, and
 * hands every class and every call to `rules`, which knows a list of them. All else is refused by its name; nothing is run.
 * Which instructions: those of torch's own weights-only unpickler that state dicts use (torch/_weights_only_unpickler.py).
 * What each does: the docstrings of Python's pickletools.
 */
import { UserError } from '../errors.ts';

/** Objects that only the rules make: storages and tensors. The machine passes them on unseen. */
export class PickledObject {
  readonly kind: string;
  constructor(kind: string) {
    this.kind = kind;
  }
}

/** A class or function of Python by its full name, "collections.OrderedDict"; here it is a name and nothing else. */
export class PickledClass {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class PickledTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

export class PickledList {
  readonly items: PickleValue[] = [];
}

/** Keys and values in turn, in the order they were put in. */
export class PickledDict {
  readonly items: PickleValue[] = [];
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickledObject
  | PickledClass
  | PickledTuple
  | PickledList
  | PickledDict;

export interface PickleRules {
  /** Whether a pickle may name this class at all. */
  knows(className: string): boolean;
  /** What calling the class gives; null when these arguments make no sense. */
  call(className: string, args: readonly PickleValue[]): PickleValue;
  /** The object that lies outside of the pickle under this id; null when the id makes no sense. */
  persistent(id: PickleValue): PickledObject | null;
}

/** About 150 bytes a tensor: far more than any checkpoint names. */
export const PICKLE_LIMIT_BYTES = 16 * 1024 * 1024;
/** Some nine objects a tensor: 20,000 tensors in one file, where GPT-2 has 160. Keeps a pickle made of empty dicts small. */
const OBJECT_LIMIT = 200_000;
/** Python's pickler flushes dicts and lists every 1,000 entries; old writers did not. */
const STACK_LIMIT = 100_000;
/** The longest names of real tensors have about 150 characters. */
const STRING_LIMIT_BYTES = 10_000;

const STOP = 0x2e;
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const EMPTY_TUPLE = new PickledTuple([]);

/**
 * Runs one pickle of `bytes` from `start` on. @returns its value, and where the next byte after it lies.
 * @throws UserError torch_refused for what is not on the list, torch_damaged for what is no pickle, torch_too_large.
 */
export function readPickle(
  bytes: Buffer,
  start: number,
  rules: PickleRules,
  file: string,
): { value: PickleValue; end: number } {
  return new Machine(bytes, start, rules, file).run();
}

class Machine {
  readonly #bytes: Buffer;
  readonly #rules: PickleRules;
  readonly #file: string;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack at each mark. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at: number;
  #objects = 0;

  constructor(bytes: Buffer, start: number, rules: PickleRules, file: string) {
    this.#bytes = bytes;
    this.#at = start;
    this.#rules = rules;
    this.#file = file;
  }

  run(): { value: PickleValue; end: number } {
    for (;;) {
      const byte = this.#uint8();
      if (byte === STOP) return { value: this.#pop(), end: this.#at };
      const instruction = Machine.#instructions[String.fromCharCode(byte)];
      if (instruction === undefined)
        throw this.#refused(`the pickle instruction 0x${byte.toString(16).padStart(2, '0')}`);
      instruction(this);
    }
  }

  /** Each under its byte, by pickletools' name. */
  static readonly #instructions: Readonly<Record<string, (machine: Machine) => void>> = {
    '\x80': (m) => m.#skip(1), // PROTO
    '(': (m) => m.#mark(), // MARK

    N: (m) => m.#push(null), // NONE
    '\x88': (m) => m.#push(true), // NEWTRUE
    '\x89': (m) => m.#push(false), // NEWFALSE
    K: (m) => m.#push(m.#uint8()), // BININT1
    M: (m) => m.#push(m.#bytes.readUInt16LE(m.#skip(2))), // BININT2
    J: (m) => m.#push(m.#bytes.readInt32LE(m.#skip(4))), // BININT
    '\x8a': (m) => m.#push(m.#long(m.#uint8())), // LONG1

    X: (m) => m.#push(m.#string(m.#uint32())), // BINUNICODE
    U: (m) => m.#push(m.#string(m.#uint8())), // SHORT_BINSTRING, by Python 2
    T: (m) => m.#push(m.#string(m.#uint32())), // BINSTRING, by Python 2

    q: (m) => m.#remember(m.#uint8()), // BINPUT
    r: (m) => m.#remember(m.#uint32()), // LONG_BINPUT
    h: (m) => m.#recall(m.#uint8()), // BINGET
    j: (m) => m.#recall(m.#uint32()), // LONG_BINGET

    ')': (m) => m.#push(EMPTY_TUPLE),
    '\x85': (m) => m.#pushTuple(m.#popSome(1)), // TUPLE1
    '\x86': (m) => m.#pushTuple(m.#popSome(2)), // TUPLE2
    '\x87': (m) => m.#pushTuple(m.#popSome(3)), // TUPLE3
    t: (m) => m.#pushTuple(m.#popToMark()), // TUPLE

    ']': (m) => m.#push(m.#counted(new PickledList())), // EMPTY_LIST
    a: (m) => m.#append(m.#popSome(1)), // APPEND
    e: (m) => m.#append(m.#popToMark()), // APPENDS

    '}': (m) => m.#push(m.#counted(new PickledDict())), // EMPTY_DICT
    s: (m) => m.#setItems(m.#popSome(2)), // SETITEM
    u: (m) => m.#setItems(m.#popToMark()), // SETITEMS

    c: (m) => m.#global(), // GLOBAL
    R: (m) => m.#call(), // REDUCE
    b: (m) => m.#build(), // BUILD
    Q: (m) => m.#persistent(), // BINPERSID
  };

  #uint8(): number {
    return this.#bytes.readUInt8(this.#skip(1));
  }

  #uint32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  /** @returns where the next `length` bytes begin; they are all there. */
  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw this.#damaged('end');
    this.#at = start + length;
    return start;
  }

  #long(length: number): number | bigint {
    const start = this.#skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  #string(length: number): string {
    if (length > STRING_LIMIT_BYTES) this.#tooLarge('string bytes', STRING_LIMIT_BYTES);
    const start = this.#skip(length);
    return this.#counted(this.#utf8(start, start + length));
  }

  #utf8(start: number, end: number): string {
    try {
      return UTF_8.decode(this.#bytes.subarray(start, end));
    } catch (error) {
      throw this.#damaged('text', error);
    }
  }

  #mark(): void {
    if (this.#marks.length >= STACK_LIMIT) this.#tooLarge('marks', STACK_LIMIT);
    this.#marks.push(this.#stack.length);
  }

  #push(value: PickleValue): void {
    if (this.#stack.length >= STACK_LIMIT) this.#tooLarge('stack', STACK_LIMIT);
    this.#stack.push(value);
  }

  /** Nothing reaches below the last mark. */
  #pop(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#damaged('stack');
    return this.#stack.pop()!;
  }

  #top(): PickleValue {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  #popSome(count: number): PickleValue[] {
    if (this.#stack.length - count < (this.#marks.at(-1) ?? 0)) throw this.#damaged('stack');
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw this.#damaged('mark');
    return this.#stack.splice(height);
  }

  #remember(index: number): void {
    const value = this.#top();
    if (this.#memo.size >= OBJECT_LIMIT && !this.#memo.has(index)) this.#tooLarge('memo', OBJECT_LIMIT);
    this.#memo.set(index, value);
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged('memo');
    this.#push(value);
  }

  #pushTuple(items: PickleValue[]): void {
    this.#push(this.#counted(new PickledTuple(items)));
  }

  #append(values: PickleValue[]): void {
    const list = this.#top();
    if (!(list instanceof PickledList)) throw this.#damaged('list');
    this.#count(values.length);
    for (const value of values) list.items.push(value);
  }

  #setItems(values: PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickledDict) || values.length % 2 !== 0) throw this.#damaged('dict');
    this.#count(values.length / 2);
    for (const value of values) dict.items.push(value);
  }

  /** Two lines: module and name. */
  #global(): void {
    const name = `${this.#line()}.${this.#line()}`;
    if (!this.#rules.knows(name)) throw this.#refused(name);
    this.#push(this.#counted(new PickledClass(name)));
  }

  #line(): string {
    const start = this.#at;
    const end = this.#bytes.indexOf(0x0a, start);
    if (end === -1 || end - start > STRING_LIMIT_BYTES) throw this.#damaged('name');
    this.#at = end + 1;
    return this.#utf8(start, end);
  }

  #call(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (!(callee instanceof PickledClass) || !(args instanceof PickledTuple)) throw this.#damaged('call');
    const value = this.#made(this.#rules.call(callee.name, args.items), callee.name);
    // One list can be made into dicts again and again.
    if (value instanceof PickledDict) this.#count(value.items.length / 2);
    this.#push(value);
  }

  #persistent(): void {
    const id = this.#pop();
    this.#push(this.#made(this.#rules.persistent(id), 'persistent id'));
  }

  #made<Value extends PickleValue>(value: Value | null, what: string): Value {
    if (value === null) throw this.#damaged(what);
    return this.#counted(value);
  }

  /** An OrderedDict's attributes, `_metadata` with the versions of its modules: weights do not need them. */
  #build(): void {
    this.#pop();
    const target = this.#top();
    if (!(target instanceof PickledDict)) throw this.#refused(`BUILD (0x62) of ${kindOf(target)}`);
  }

  #counted<Value>(value: Value): Value {
    this.#count(1);
    return value;
  }

  #count(more: number): void {
    this.#objects += more;
    if (this.#objects > OBJECT_LIMIT) this.#tooLarge('objects', OBJECT_LIMIT);
  }

  #tooLarge(what: string, limit: number): never {
    throw new UserError('torch_too_large', { file: this.#file, what, limit });
  }

  #damaged(what: string, cause?: unknown): UserError {
    return new UserError('torch_damaged', { file: this.#file, place: `pickle ${this.#at}: ${what}` }, { cause });
  }

  #refused(what: string): UserError {
    return new UserError('torch_refused', { file: this.#file, what: what.slice(0, 120) });
  }
}

function kindOf(value: PickleValue): string {
  if (value instanceof PickledClass) return value.name;
  if (value instanceof PickledObject) return value.kind;
  return value === null ? 'None' : value.constructor.name;
}
