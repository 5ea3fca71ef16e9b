/**
 * Where every draw from the random source of a process passes, in whichever of its threads, is counted, and fails or repeats. Imported
 * for its effect: threads that start afterwards do the same before anything else.
 */
import crypto, { createHmac } from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import threads, {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  type Worker,
  type WorkerOptions,
} from 'node:worker_threads';

export const WORDS = 'the random source of this test is dry';

/** What becomes of draws: they fail, or are what they were each time before: in a machine that was copied with its memory. */
export type RandomFault =
  | { readonly kind: 'fails'; readonly nth: number; readonly mode: 'once' | 'from then on' }
  | { readonly kind: 'repeats' };

const SHARED = 'random source of a test';
const CALLS = [
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'generateKeyPair',
  'generateKeyPairSync',
  'generateKey',
  'generateKeySync',
  'web getRandomValues',
  'web randomUUID',
  'web generateKey',
] as const;
type Call = (typeof CALLS)[number];
const MOST = 4096;
/** Of the shared words: what befalls draws, which one, how many there were, whether a fault was met; then a word for each draw. */
const [FAULT, NTH, COUNT, MET, LOG] = [0, 1, 2, 3, 4];
const [NONE, ONCE, FROM_THEN_ON, REPEATS] = [0, 1, 2, 3];

const words = sharedWords();
/** How many this thread has drawn, since it began or since {@link RandomSource.arm}. */
let drawn = 0;

/** The draws of all threads. */
export const RandomSource = {
  /** Begins to count anew. Without a fault nothing fails or repeats. */
  arm(fault?: RandomFault): void {
    words.fill(0);
    drawn = 0;
    if (fault?.kind === 'fails') words[NTH] = fault.nth;
    words[FAULT] =
      fault === undefined ? NONE : fault.kind === 'repeats' ? REPEATS : fault.mode === 'once' ? ONCE : FROM_THEN_ON;
  },

  get isMet(): boolean {
    return words[MET] === 1;
  },

  /** `<thread> <call>` of each draw since {@link arm}. */
  get log(): string[] {
    return Array.from({ length: words[COUNT] ?? 0 }, (_, i) => {
      const word = words[LOG + i] ?? 0;
      return `${word & 1 ? 'worker' : 'main'} ${CALLS[word >> 1]}`;
    });
  },
};

function sharedWords(): Int32Array {
  const held = getEnvironmentData(SHARED);
  if (held instanceof SharedArrayBuffer) return new Int32Array(held);
  const made = new SharedArrayBuffer((LOG + MOST) * 4);
  setEnvironmentData(SHARED, made);
  return new Int32Array(made);
}

/** A draw: it fails, or says how many there were before it in this thread, when it is to repeat what came then. */
function meet(call: Call): number | undefined {
  const before = Atomics.add(words, COUNT, 1);
  if (before < MOST) words[LOG + before] = (CALLS.indexOf(call) << 1) | (isMainThread ? 0 : 1);
  const [fault, nth] = [words[FAULT], words[NTH] ?? 0];
  if (fault === REPEATS) {
    words[MET] = 1;
    return drawn++;
  }
  if (fault === NONE || (fault === ONCE ? before + 1 !== nth : before + 1 < nth)) return undefined;
  words[MET] = 1;
  throw new Error(WORDS);
}

/** The bytes of the n-th draw of such a thread, the same in every copy. */
function again(n: number, length: number): Buffer {
  const block = (i: number) =>
    createHmac('sha256', isMainThread ? 'main' : 'worker')
      .update(`${n} ${i}`)
      .digest();
  return Buffer.concat(Array.from({ length: Math.ceil(length / 32) }, (_, i) => block(i))).subarray(0, length);
}

function fillAgain(n: number, into: ArrayBufferView): void {
  new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(again(n, into.byteLength));
}

type Function = (...args: unknown[]) => unknown;

/** Lets a call pass the source. `repeat`: what it gives when it repeats; calls without one are counted, fail, and stay random. */
function hook(object: object, name: string, call: Call, repeat?: (n: number, args: unknown[]) => unknown): void {
  const original = Reflect.get(object, name) as Function;
  const value = (...args: unknown[]) => {
    const n = meet(call);
    return n === undefined || repeat === undefined ? original.apply(object, args) : repeat(n, args);
  };
  Object.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: true });
}

hook(crypto, 'randomBytes', 'randomBytes', (n, [length, tell]) => {
  const bytes = again(n, length as number);
  if (typeof tell === 'function') setImmediate(() => tell(null, bytes));
  return bytes;
});
hook(crypto, 'randomFillSync', 'randomFillSync', (n, [into]) => {
  fillAgain(n, into as ArrayBufferView);
  return into;
});
for (const call of ['randomFill', 'randomInt', 'randomUUID'] as const) hook(crypto, call, call);
for (const call of ['generateKeyPair', 'generateKeyPairSync', 'generateKey', 'generateKeySync'] as const)
  hook(crypto, call, call);
hook(crypto.webcrypto, 'getRandomValues', 'web getRandomValues', (n, [into]) => {
  fillAgain(n, into as ArrayBufferView);
  return into;
});
hook(crypto.webcrypto, 'randomUUID', 'web randomUUID');
hook(crypto.webcrypto.subtle, 'generateKey', 'web generateKey');

const exported = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof threads.Worker };
exported.Worker = class extends exported.Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    const program = file instanceof URL ? file.href : new URL(file, 'file:').href;
    const modules = [import.meta.url, program].map((url) => `import ${JSON.stringify(url)};`);
    super(new URL(`data:text/javascript,${encodeURIComponent(modules.join(''))}`), options);
  }
} as typeof Worker;
syncBuiltinESMExports();
