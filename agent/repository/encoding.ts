import { decode as cborDecode, encode as cborEncode, rfc8949EncodeOptions, type Token, Tokenizer, Type } from 'cborg';
import { fail } from '../contract/index.ts';
import { damaged } from './damage.ts';

/** What the repository's CBOR can hold. Integers beyond ±(2^53 - 1) are read back as bigint; NaN, ±Infinity and -0 are not kept. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Arrays and maps inside each other. Far more than any object needs, far less than the stack holds. */
const MAX_DEPTH = 64;

/**
 * Values in one record, each array and map one of them. An empty array is one byte, and takes forty times that in memory: without
 * a bound, one object of 64 MiB would take more than there is. A tree of 100 million files has a body of 300,000.
 */
const MAX_VALUES = 4_000_000;

/**
 * Deterministic CBOR (RFC 8949, section 4.2.1): shortest heads, definite lengths, map keys in byte order of their encoding.
 * Throws VALUE_UNENCODABLE for what could not be read back as it was: undefined, NaN, an ill-formed string, a depth over 64.
 */
export function encode(value: Value): Uint8Array {
  refuseUnencodable(value, 0, { count: 0 });
  return plain(cborEncode(value, rfc8949EncodeOptions));
}

/**
 * Reads exactly one item of deterministic CBOR. Whatever `encode` would have written differently is refused: OBJECT_DAMAGED
 * (trailing bytes, duplicate or unsorted keys, long heads, indefinite lengths, tags, keys that are not text, bad UTF-8), by `refuse` of who
 * knows which object it is of.
 */
export function decode(bytes: Uint8Array, refuse: (reason: string) => never = refuseNameless): Value {
  const unreadable = (reason: string) => refuse(`its record cannot be read: ${reason}`);
  const value = decodeLoosely(plain(bytes), unreadable);
  // One comparison covers every rule about canonical form, in the words of the encoder itself.
  if (Buffer.compare(cborEncode(value, rfc8949EncodeOptions), bytes) !== 0) unreadable('it is not in canonical form');
  return value;
}

/** cborg hands out Buffers where it is given one, whose `slice` is no copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function decodeLoosely(bytes: Uint8Array, unreadable: (reason: string) => never): Value {
  const options = {
    strict: true,
    allowBigInt: true,
    allowIndefinite: false,
    allowUndefined: false,
    allowInfinity: false,
    allowNaN: false,
    rejectDuplicateMapKeys: true,
    retainStringBytes: true,
  };
  try {
    return cborDecode(bytes, { ...options, tokenizer: new StrictTokenizer(bytes, options) });
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

function refuseNameless(reason: string): never {
  damaged('OBJECT_DAMAGED', `An object is damaged: ${reason}.`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** cborg's own reader recurses as deep as the input says, replaces bad UTF-8 and drops a leading byte order mark. */
class StrictTokenizer extends Tokenizer {
  readonly #open: number[] = [];
  #count = 0;

  override next(): Token {
    if (++this.#count > MAX_VALUES) throw new Error(`it holds more than ${MAX_VALUES} values`);
    const token = super.next();
    if (token.type === Type.string && token.byteValue !== undefined) token.value = utf8.decode(token.byteValue);
    this.#nest(token);
    return token;
  }

  #nest(token: Token): void {
    if (token.type === Type.tag) throw new Error('tags are not used here');
    if (token.type === Type.array || token.type === Type.map) {
      if (this.#open.length === MAX_DEPTH) throw new Error(`it is nested deeper than ${MAX_DEPTH}`);
      if (token.value > 0) {
        this.#open.push(token.type === Type.map ? token.value * 2 : token.value);
        return;
      }
    }
    for (let top = this.#open.length - 1; top >= 0; top--) {
      const left = (this.#open[top] ?? 0) - 1;
      this.#open[top] = left;
      if (left > 0) return;
      this.#open.pop();
    }
  }
}

function refuseUnencodable(value: unknown, depth: number, seen: { count: number }): void {
  if (++seen.count > MAX_VALUES) unencodable(`more than ${MAX_VALUES} values`);
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value === 'string' && value.isWellFormed()) return;
  if (typeof value === 'bigint' && value < 1n << 64n && value >= -(1n << 64n)) return;
  if (typeof value !== 'object') unencodable(typeof value === 'string' ? 'an ill-formed string' : `a ${typeof value}`);
  const items = Array.isArray(value) ? value : Object.values(value);
  if (depth === MAX_DEPTH) unencodable(`nesting deeper than ${MAX_DEPTH}`);
  if (!Array.isArray(value)) for (const key of Object.keys(value)) refuseUnencodable(key, depth, seen);
  for (const item of items) refuseUnencodable(item, depth + 1, seen);
}

function unencodable(what: string): never {
  fail({
    code: 'VALUE_UNENCODABLE',
    message: `A record to be stored holds ${what}.`,
    origin: 'agent',
    permanent: true,
    hint: 'Facts and options are plain data: null, booleans, finite numbers, well-formed text, arrays and objects.',
  });
}
