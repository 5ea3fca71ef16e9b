import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Codec, Failure } from '../contract/index.ts';
import { fail, failureOf } from '../contract/index.ts';
import { openFrame } from '../repository/frame.ts';
import type { Refused } from '../system/index.ts';
import { throwIfCancelled } from './cancelling.ts';
import { book, noCounters, noReadCounters, type ReadCounters } from './counters.ts';
import { giveBack } from './external-memory.ts';
import { writeFile } from './file-writing.ts';
import { findChunks, LocalFile } from './local-file.ts';
import type { FileToWrite, FoundChunks, FrameToOpen, Piece, ReadRequest, ReadSetup, Reply } from './messages.ts';
import { loadCodec } from './stage-loading.ts';

const UNCOMPRESSED = 0;

type Written = Pick<Reply & { kind: 'write' }, 'failures' | 'refused'>;

/**
 * The reading side of a worker: opens frames, checks every chunk against its id, and writes files, gives bytes, or only checks.
 * Order for each frame: authenticate, bound, decompress, re-hash.
 */
export class Reading {
  readonly #setup: ReadSetup;
  readonly #control: Int32Array;
  readonly #codecs: ReadonlyMap<number, Codec>;
  /** Why there is no codec, by its id. */
  readonly #absent: ReadonlyMap<number, Failure>;
  /** Checks go through frames, which several artifacts may share. */
  readonly #unbooked = noReadCounters();
  /** By artifact. */
  readonly #counters = new Map<number, ReadCounters>();

  private constructor(setup: ReadSetup, codecs: ReadonlyMap<number, Codec>, absent: ReadonlyMap<number, Failure>) {
    this.#setup = setup;
    this.#control = new Int32Array(setup.control);
    this.#codecs = codecs;
    this.#absent = absent;
  }

  static async create(setup: ReadSetup): Promise<Reading> {
    const codecs = new Map<number, Codec>();
    const absent = new Map(Object.entries(setup.absent).map(([id, failure]) => [Number(id), failure]));
    for (const [id, stage] of Object.entries(setup.codecs)) {
      try {
        codecs.set(Number(id), (await loadCodec(stage)).codec);
      } catch (error) {
        // Most snapshots need none of the codecs that a policy brings: one that breaks must not keep them from being read.
        absent.set(Number(id), failureOf(error, { code: 'CODEC_UNUSABLE', origin: 'policy' }));
      }
    }
    return new Reading(setup, codecs, absent);
  }

  answer(request: ReadRequest & { readonly n: number }): Reply {
    const reply = this.#answer(request);
    // They came with the request, for nobody else.
    if ('frames' in request) for (const { sealed } of request.frames) giveBack(sealed.buffer);
    return reply;
  }

  #answer(request: ReadRequest & { readonly n: number }): Reply {
    throwIfCancelled(this.#control);
    const { n } = request;
    switch (request.kind) {
      case 'write':
        return { kind: 'write', n, ...this.#write(request, this.#countersOf(request.artifact)) };
      case 'give':
        return { kind: 'give', n, data: this.#give(request, this.#countersOf(request.artifact)) };
      case 'compare':
        return { kind: 'compare', n, found: this.#compare(request, this.#countersOf(request.artifact)) };
      case 'tally':
        return { kind: 'tally', n, counters: this.#tally(request.artifact) };
      case 'check':
        return { kind: 'check', n, ...this.#check(request.frames) };
      case 'finish':
        return { kind: 'finish', n, counters: noCounters() };
    }
  }

  #countersOf(artifact: number): ReadCounters {
    let counters = this.#counters.get(artifact);
    if (counters === undefined) {
      counters = noReadCounters();
      this.#counters.set(artifact, counters);
    }
    return counters;
  }

  #tally(artifact: number): ReadCounters {
    const counters = this.#countersOf(artifact);
    this.#counters.delete(artifact);
    return counters;
  }

  /** The plaintext of a frame, every chunk of it matched against its id. */
  #open(frame: FrameToOpen, counters: ReadCounters): Uint8Array {
    let startedAt = performance.now();
    const encoded = openFrame(frame.frameKey, {
      domain: this.#setup.domain,
      salt: frame.salt,
      ordinal: frame.ordinal,
      codec: frame.codec,
      plainLength: frame.plainLength,
      chunks: { ids: frame.ids, lengths: frame.lengths },
      sealed: frame.sealed,
    });
    book(counters.decrypt, startedAt, frame.sealed.length, encoded.length);
    startedAt = performance.now();
    const plain = this.#decode(frame, encoded);
    book(counters.decompress, startedAt, encoded.length, plain.length);
    startedAt = performance.now();
    if (plain.buffer !== encoded.buffer) giveBack(encoded.buffer);
    let offset = 0;
    for (let i = 0; i < frame.lengths.length; i++) {
      const length = frame.lengths[i] as number;
      const id = createHmac('sha256', this.#setup.idKey)
        .update(plain.subarray(offset, offset + length))
        .digest();
      if (!timingSafeEqual(id, frame.ids.subarray(i * 32, i * 32 + 32)))
        return damaged(frame, 'a chunk is not what its id says');
      offset += length;
    }
    book(counters.identify, startedAt, plain.length, frame.ids.length);
    return plain;
  }

  #decode(frame: FrameToOpen, encoded: Uint8Array): Uint8Array {
    const plain = frame.codec === UNCOMPRESSED ? encoded : this.#decompress(frame, encoded);
    if (plain.length !== frame.plainLength) return damaged(frame, 'its length is not what its table says');
    return plain;
  }

  /** It was sealed like this: what does not decompress is the frame's fault, however the codec calls it. */
  #decompress(frame: FrameToOpen, encoded: Uint8Array): Uint8Array {
    const codec = this.#codecOf(frame);
    try {
      return codec.decode(encoded, frame.plainLength);
    } catch (error) {
      return damaged(frame, failureOf(error, { code: 'CODEC_DAMAGED', origin: 'repository' }).message, error);
    }
  }

  #codecOf(frame: FrameToOpen): Codec {
    const codec = this.#codecs.get(frame.codec);
    if (codec !== undefined) return codec;
    const failure = this.#absent.get(frame.codec) ?? {
      code: 'CODEC_UNKNOWN',
      message: `codec ${frame.codec} is not here`,
      origin: 'policy',
      permanent: true,
      hint: 'name the plugin that brought it under "plugins" in the policy',
    };
    return fail({ ...failure, message: `${frame.name} cannot be decompressed: ${failure.message}` });
  }

  /** One frame after another, each forgotten before the next: held until all are open, they would outlive young collections. */
  #give({ frames, pieces }: ReadRequest & { kind: 'give' }, counters: ReadCounters): Uint8Array {
    const places = frames.map((): { readonly piece: Piece; readonly at: number }[] => []);
    let length = 0;
    for (const piece of pieces) {
      (places[piece.frame] as (typeof places)[number]).push({ piece, at: length });
      length += piece.length;
    }
    // Every byte of it is written below; in memory of its own, so that it can be transferred.
    const data = Buffer.allocUnsafeSlow(length);
    frames.forEach((frame, i) => {
      const plain = this.#open(frame, counters);
      for (const { piece, at } of places[i] ?? []) {
        const content = plain.subarray(piece.offset, piece.offset + piece.length);
        if (content.length !== piece.length) damaged(frame, 'it ends before a chunk in it does');
        data.set(content, at);
      }
      giveBack(plain.buffer);
    });
    return data;
  }

  #check(frames: readonly FrameToOpen[]): { bytes: number; failures: (Failure | undefined)[] } {
    let bytes = 0;
    const failures = frames.map((frame) => {
      throwIfCancelled(this.#control);
      const content = this.#attempt(frame, this.#unbooked);
      if (!(content instanceof Uint8Array)) return content;
      bytes += content.length;
      giveBack(content.buffer);
      return undefined;
    });
    return { bytes, failures };
  }

  /** Each frame is opened when the first file needs it, and dropped after the last. */
  #write({ frames, files }: ReadRequest & { kind: 'write' }, counters: ReadCounters): Written {
    const opened = new Map<number, Uint8Array | Failure>();
    const lastUse = new Map<number, number>();
    files.forEach((file, i) => {
      for (const piece of file.pieces) if ('frame' in piece) lastUse.set(piece.frame, i);
    });
    const refused = new Map<number, Refused[]>();
    const failures = files.map((file, i) => {
      throwIfCancelled(this.#control);
      const plain = this.#plainOf(file, counters, (frame) => {
        const content = opened.get(frame) ?? this.#attempt(frames[frame] as FrameToOpen, counters);
        opened.set(frame, content);
        return content;
      });
      const forget = () => {
        for (const piece of file.pieces) {
          if (!('frame' in piece) || lastUse.get(piece.frame) !== i) continue;
          const content = opened.get(piece.frame);
          opened.delete(piece.frame);
          if (content instanceof Uint8Array) giveBack(content.buffer);
        }
      };
      if (!Array.isArray(plain)) {
        forget();
        return plain;
      }
      const startedAt = performance.now();
      const unset: Refused[] = [];
      const failure = writeFile(file, plain, unset);
      if (unset.length > 0 && failure === undefined) refused.set(i, unset);
      const bytes = plain.reduce((sum, { length }) => sum + length, 0);
      book(counters.write, startedAt, bytes, failure === undefined ? bytes : 0);
      forget();
      return failure;
    });
    return { failures, refused };
  }

  /** The pieces of a file, or why one of them cannot be had: that of the repository first, which no other file can make up for. */
  #plainOf(
    file: FileToWrite,
    counters: ReadCounters,
    open: (frame: number) => Uint8Array | Failure,
  ): Uint8Array[] | Failure {
    const plain: Uint8Array[] = [];
    let failed: Failure | undefined;
    using local = file.like === undefined ? undefined : new LocalFile(file.like);
    for (const piece of file.pieces) {
      const startedAt = performance.now();
      const content = 'frame' in piece ? open(piece.frame) : local?.take(piece, this.#setup.idKey);
      if ('local' in piece) book(counters.identify, startedAt, piece.length, 0);
      if (!(content instanceof Uint8Array)) failed ??= content;
      else plain.push('frame' in piece ? content.subarray(piece.offset, piece.offset + piece.length) : content);
    }
    return failed ?? plain;
  }

  #compare({ files }: ReadRequest & { kind: 'compare' }, counters: ReadCounters): (FoundChunks | Failure)[] {
    return files.map((file) => {
      const startedAt = performance.now();
      const { found, bytes } = findChunks(file, this.#setup.idKey, () => throwIfCancelled(this.#control));
      book(counters.identify, startedAt, bytes, 0);
      return found;
    });
  }

  #attempt(frame: FrameToOpen, counters: ReadCounters): Uint8Array | Failure {
    try {
      return this.#open(frame, counters);
    } catch (error) {
      return failureOf(error, { code: 'FRAME_DAMAGED', origin: 'repository' });
    }
  }
}

function damaged(frame: FrameToOpen, why: string, cause?: unknown): never {
  return fail(
    {
      code: 'FRAME_DAMAGED',
      message: `${frame.name}: ${why}`,
      origin: 'repository',
      permanent: true,
      hint: 'run `holdfast verify --level decrypt` to see what else is affected',
    },
    cause,
  );
}
