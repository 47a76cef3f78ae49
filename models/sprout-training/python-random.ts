/**
 * `random.Random(seed).shuffle` of CPython, so that exactly the dialogues are held out that the PyTorch run holds out:
 * the Mersenne Twister MT19937 (Matsumoto & Nishimura 1998) seeded by `init_by_array`, and a Fisher–Yates shuffle from the end
 * with `_randbelow_with_getrandbits` (Lib/random.py).
 */
const SIZE = 624;
const SHIFT = 397;

export class PythonRandom {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** @param seed below 2³². */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = 19_650_218;
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1_812_433_253, mixed(state[i - 1]!)) + i;
    let i = 1;
    const wrap = () => {
      if (++i < SIZE) return;
      state[0] = state[SIZE - 1]!;
      i = 1;
    };
    for (let k = 0; k < SIZE; k++, wrap()) state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1_664_525)) + seed;
    for (let k = 1; k < SIZE; k++, wrap()) state[i] = (state[i]! ^ Math.imul(mixed(state[i - 1]!), 1_566_083_941)) - i;
    state[0] = 0x80000000;
  }

  /** In place. */
  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.#below(last + 1);
      [items[last], items[other]] = [items[other]!, items[last]!];
    }
    return items;
  }

  /** An integer in [0, n). */
  #below(n: number): number {
    const bits = 32 - Math.clz32(n);
    for (;;) {
      const drawn = this.#uint32() >>> (32 - bits);
      if (drawn < n) return drawn;
    }
  }

  #uint32(): number {
    if (this.#next === SIZE) this.#twist();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let k = 0; k < SIZE; k++) {
      const y = (state[k]! & 0x80000000) | (state[(k + 1) % SIZE]! & 0x7fffffff);
      state[k] = state[(k + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

const mixed = (value: number): number => value ^ (value >>> 30);
