import { crc32 } from 'node:zlib';
import {
  type Chunker,
  type ChunkerPlugin,
  type Codec,
  type CodecPlugin,
  definePlugin,
  fail,
  Type,
} from 'holdfast/plugin';

const options = Type.Object({}, { additionalProperties: false });
const described = { api: 1, version: '1.0.0', stability: 'experimental', summary: 'Breaks one obligation.' } as const;

/** Cuts after a byte that the key names, between 256 and 4096 bytes. Keeps every obligation of a chunker. */
class Sound implements Chunker {
  readonly maxBytes: number = 4096;
  readonly marks: readonly number[];

  constructor(key: Uint8Array) {
    this.marks = [key[0] ?? 0, key[1] ?? 0];
  }

  cut(window: Uint8Array, end: boolean): number {
    const most = Math.min(window.length, this.maxBytes);
    for (let at = 256; at < most; at++) if (this.marks.includes(window[at] ?? -1)) return at + 1;
    return end || most === this.maxBytes ? most : 0;
  }
}

class Remembering extends Sound {
  readonly #seen = new Set<string>();
  override cut(window: Uint8Array, end: boolean): number {
    const length = super.cut(window, end);
    if (window.length <= 3 * this.maxBytes || window.length > 4 * this.maxBytes) return length;
    const start = `${window.length} ${window.subarray(0, 8)}`;
    const again = this.#seen.has(start);
    this.#seen.add(start);
    return again ? length - 1 : length;
  }
}

class TooLong extends Sound {
  override readonly maxBytes = 4095;
  override cut(window: Uint8Array, end: boolean): number {
    const most = Math.min(window.length, 4096);
    for (let at = 256; at < most; at++) if (this.marks.includes(window[at] ?? -1)) return at + 1;
    return end || most === 4096 ? most : 0;
  }
}

class Hasty extends Sound {
  override cut(window: Uint8Array, end: boolean): number {
    return super.cut(window, end) || Math.min(window.length, 300);
  }
}

class Keyless extends Sound {
  constructor() {
    super(Uint8Array.of(7, 77));
  }
}

class Marking extends Sound {
  override cut(window: Uint8Array, end: boolean): number {
    const length = super.cut(window, end);
    if (window.length > 1) window[0] = 0;
    return length;
  }
}

class Blocks implements Chunker {
  readonly maxBytes = 4096;
  readonly #size: number;
  constructor(key: Uint8Array) {
    this.#size = 3000 + 4 * (key[0] ?? 0);
  }
  cut(window: Uint8Array, end: boolean): number {
    if (window.length >= this.#size) return this.#size;
    return end ? window.length : 0;
  }
}

function chunker(create: (key: Uint8Array) => Chunker): ChunkerPlugin {
  return definePlugin({ ...described, kind: 'chunker', name: 'broken', options, create: (_, key) => create(key) });
}

export const soundChunker = chunker((key) => new Sound(key));

export const brokenChunkers: readonly { readonly breaks: string; readonly plugin: ChunkerPlugin }[] = [
  { breaks: 'deterministic', plugin: chunker((key) => new Remembering(key)) },
  { breaks: 'never longer than maxBytes', plugin: chunker((key) => new TooLong(key)) },
  { breaks: 'takes any window', plugin: chunker((key) => new Hasty(key)) },
  { breaks: 'follows its key', plugin: chunker(() => new Keyless()) },
  { breaks: 'leaves the window alone', plugin: chunker((key) => new Marking(key)) },
  { breaks: 'finds back after an insertion', plugin: chunker((key) => new Blocks(key)) },
];

/** Length, checksum, bytes. Keeps every obligation of a codec. */
const framed: Codec = {
  encode(frame) {
    const encoded = new Uint8Array(8 + frame.length);
    const view = new DataView(encoded.buffer);
    view.setUint32(0, frame.length);
    view.setUint32(4, crc32(frame));
    encoded.set(frame, 8);
    return encoded;
  },
  decode(frame, max) {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    if (frame.length < 8 || view.getUint32(0) !== frame.length - 8) refuse('CODEC_DAMAGED');
    if (frame.length - 8 > max) refuse('CODEC_LIMIT');
    const decoded = frame.slice(8);
    return view.getUint32(4) === crc32(decoded) ? decoded : refuse('CODEC_DAMAGED');
  },
};

function refuse(code: string): never {
  return fail({ code, message: code, origin: 'repository', permanent: true });
}

function codec(made: Codec, id = 200): CodecPlugin {
  return definePlugin({ ...described, kind: 'codec', name: 'broken', id, options, create: () => made });
}

export const soundCodec = codec(framed);

let salt = 0;

export const brokenCodecs: readonly { readonly breaks: string; readonly plugin: CodecPlugin }[] = [
  { breaks: 'has an id of its own', plugin: codec(framed, 255) },
  { breaks: 'round trip', plugin: codec({ ...framed, decode: loseEmptiness }) },
  {
    breaks: 'deterministic',
    plugin: codec({ encode: withSalt, decode: (frame, max) => framed.decode(frame.subarray(1), max) }),
  },
  { breaks: 'leaves its input alone', plugin: codec({ ...framed, encode: scribble }) },
  { breaks: 'gives its result away', plugin: codec({ ...framed, decode: intoOneBuffer }) },
  {
    breaks: 'produces no more than it may',
    plugin: codec({ ...framed, decode: (frame) => framed.decode(frame, 2 ** 30) }),
  },
  {
    breaks: 'says when its input is damaged',
    plugin: codec({ ...framed, decode: (frame, max) => framed.decode(untrailed(frame), max) }),
  },
  { breaks: 'stands any input', plugin: codec({ ...framed, decode: plainError }) },
];

function loseEmptiness(frame: Uint8Array, max: number): Uint8Array {
  const decoded = framed.decode(frame, max);
  return decoded.length === 1 ? Uint8Array.of(0) : decoded;
}

function withSalt(frame: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(salt++), framed.encode(frame)]);
}

function scribble(frame: Uint8Array): Uint8Array {
  const encoded = framed.encode(frame);
  if (frame.length === 50_000) frame[0] = 0;
  return encoded;
}

const kept = new Uint8Array(2 ** 21);

/** Large frames are decoded into the same memory every time. */
function intoOneBuffer(frame: Uint8Array, max: number): Uint8Array {
  const decoded = framed.decode(frame, max);
  if (decoded.length <= 1_100_000) return decoded;
  kept.set(decoded);
  return kept.subarray(0, decoded.length);
}

/** Lets bytes that follow pass. */
function untrailed(frame: Uint8Array): Uint8Array {
  if (frame.length < 8) return frame;
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  return length < frame.length - 8 ? frame.subarray(0, 8 + length) : frame;
}

/** A bit flipped in the checksum alone is an Error without a code. */
function plainError(frame: Uint8Array, max: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length > 8 && view.getUint32(0) === frame.length - 8 && frame.length - 8 <= max) {
    if (view.getUint32(4) !== crc32(frame.subarray(8))) throw new Error('bad checksum');
  }
  return framed.decode(frame, max);
}
