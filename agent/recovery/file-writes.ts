import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Compared, type Failure, type FileAttributes, failureOf, unfinishedName } from '../contract/index.ts';
import type { Refused } from '../system/index.ts';
import { writeFile } from '../workers/file-writing.ts';
import { CHANGED, UNREADABLE } from '../workers/local-file.ts';
import type { FileToWrite } from '../workers/messages.ts';
import { type ChunkReader, fetchFrames, partsOf, plainBytes } from './chunk-reading.ts';
import { FrameLoad } from './frame-load.ts';
import { REF_BYTES } from './frame-source.ts';
import { comparedAs, LocalFiles } from './local-files.ts';
import { absent, type Local, piecesOf } from './local-pieces.ts';
import { WaitingFiles } from './waiting-files.ts';
import type { ZeroChunks } from './zero-chunks.ts';

/** What one request may have, in bytes and files. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_FILES = 1024;
/** Files that wait until more come that lie in their frames: fewer than a source has in flight, or it would wait for them. */
const MOST_WAITING = 3072;
/** When no more have come for so long, whoever hands them in may wait for them; milliseconds. */
const IDLE_MS = 25;
/** So few are not waited with: whoever hands in one after the other would wait each time. */
const FEW = 16;
const PARTS_AT_A_TIME = 4;

/**
 * A file to be made: its chunks (n × 36 bytes, or as many of such lists as there are), its size in bytes, and whether its zeros
 * come back as holes.
 */
export interface FileToMake {
  readonly path: Uint8Array;
  readonly refs: Uint8Array | AsyncIterable<Uint8Array>;
  readonly size: number;
  readonly sparse: boolean;
  readonly attributes: FileAttributes;
}

/** A file whose chunk list is held, and what a file of this host has of it. */
type HeldFile = FileToMake & { readonly refs: Uint8Array };
type LargeFile = Omit<FileToMake, 'refs'> & { readonly refs: Iterable<Uint8Array> | AsyncIterable<Uint8Array> };

const NOTHING = new Uint8Array(0);

interface Waiting extends HeldFile {
  readonly local: Local | undefined;
  done(failure: Failure | undefined): void;
}

/** Some chunks of a file, where the first of them stands in it, and what a file of this host has of them. */
interface Part {
  readonly refs: Uint8Array;
  readonly position: number;
  readonly local: Local | undefined;
}

type Placed = Omit<Part, 'local'>;
type PartToWrite = Omit<FileToWrite, 'path' | 'unfinished' | 'pieces' | 'sparse' | 'position' | 'like'>;

/** Writes restored files: small ones gathered into batches for the workers, large ones part by part. */
export class FileWrites {
  readonly #reader: ChunkReader;
  readonly #zeros: ZeroChunks;
  readonly #local: LocalFiles;
  readonly #waiting = new WaitingFiles<Waiting>();
  /** How many ever waited. */
  #added = 0;
  #watched = false;
  #writing = 0;
  bytes = 0;

  constructor(reader: ChunkReader, zeros: ZeroChunks) {
    this.#reader = reader;
    this.#zeros = zeros;
    this.#local = new LocalFiles(reader);
  }

  /** Bytes that were compared with files of this host. */
  get compared(): number {
    return this.#local.bytes;
  }

  async compare(path: Uint8Array, refs: Uint8Array, size: number): Promise<Compared> {
    return comparedAs(await this.#local.find(path, refs, size), refs, size);
  }

  /**
   * Resolves when the file stands whole, or with the failure after what was begun is removed. `like`: a file to take from, where
   * the list of chunks is held.
   */
  async write({ refs, ...rest }: FileToMake, like?: Uint8Array): Promise<Failure | undefined> {
    if (!(refs instanceof Uint8Array)) return this.#writeLarge({ ...rest, refs }, undefined);
    const file = { ...rest, refs };
    if (like === undefined) return this.#begin(file, undefined);
    const found = await this.#local.find(like, refs, file.size);
    if (!('at' in found)) return this.#begin(file, undefined);
    const failure = await this.#begin(file, { path: like, at: found.at });
    if (failure?.code !== CHANGED && failure?.code !== UNREADABLE) return failure;
    return this.#begin(file, undefined); // it changed since: all of it can still be fetched
  }

  #begin(file: HeldFile, local: Local | undefined): Promise<Failure | undefined> {
    if (file.size > BATCH_BYTES || isMore(partsOf(this.#reader, file.refs)))
      return this.#writeLarge({ ...file, refs: [file.refs] }, local);
    return new Promise((done) => {
      this.#waiting.add(this.#frameOf(file, local), { ...file, local, done });
      this.#added++;
      if (this.#waiting.count >= MOST_WAITING) void this.#flush(MOST_WAITING / 2);
      else if (!this.#watched) this.#watch();
    });
  }

  /** Where the first of what is to be fetched of a file lies. */
  #frameOf({ refs }: HeldFile, local: Local | undefined): string {
    const wanted = local === undefined ? refs : (absent(refs, local)[0] ?? NOTHING);
    return wanted.length === 0 ? '' : (this.#reader.frames.weightOf(wanted, 0)?.frame ?? '');
  }

  /** Writes what waits when nothing has been added for a while. */
  #watch(): void {
    this.#watched = true;
    const before = this.#added;
    const look = (): void => {
      this.#watched = false;
      if (this.#added !== before) this.#watch();
      // As long as others are being written, whoever hands in may wait for those.
      else if (this.#writing === 0) void this.#flush(this.#waiting.count);
    };
    // Two turns of the loop: whoever hands files in may need one to come round again, also after a call that took long.
    const twoTurnsLater = () => setImmediate(() => setImmediate(look));
    if (this.#waiting.count <= FEW) twoTurnsLater();
    else setTimeout(twoTurnsLater, IDLE_MS);
  }

  async #flush(atLeast: number): Promise<void> {
    const files = this.#waiting.take(atLeast);
    if (files.length === 0) return;
    this.#writing++;
    try {
      await Promise.all([...this.#batchesOf(files)].map((batch) => this.#writeBatch(batch)));
    } finally {
      this.#writing--;
      if (!this.#watched) this.#watch();
    }
  }

  /** Files whose frames may be held together. */
  *#batchesOf(files: readonly Waiting[]): Generator<readonly Waiting[]> {
    const load = new FrameLoad(this.#reader.frames);
    let from = 0;
    let bytes = 0;
    for (const [i, { refs, size }] of files.entries()) {
      const fits = load.addAll(refs) && bytes + size <= BATCH_BYTES && i - from < BATCH_FILES;
      bytes += size;
      if (fits || i === from) continue;
      yield files.slice(from, i);
      from = i;
      bytes = size;
      load.clear();
      load.addAll(refs);
    }
    yield files.slice(from);
  }

  async #writeBatch(files: readonly Waiting[]): Promise<void> {
    try {
      const failures = await this.#send(files);
      files.forEach((file, i) => {
        if (failures[i] === undefined) this.bytes += file.size;
        file.done(failures[i]);
      });
    } catch (error) {
      const failure = failureOf(error, { code: 'RESTORE_FAILED', origin: 'repository' });
      // A chunk that is gone, an epoch that is or that this key does not open; not a target that is away, nor that it was cancelled.
      const mayBeOfOne = failure.origin === 'repository' || failure.permanent;
      if (files.length > 1 && mayBeOfOne) await this.#writeHalves(files);
      else for (const file of files) file.done(failure);
    }
  }

  /** What cannot be read fails the files it belongs to, not their neighbours: those are found without reading much of them again. */
  async #writeHalves(files: readonly Waiting[]): Promise<void> {
    const half = files.length >> 1;
    for (const some of [files.slice(0, half), files.slice(half)]) await this.#writeBatch(some);
  }

  #send(files: readonly Waiting[]): Promise<readonly (Failure | undefined)[]> {
    const { session, gate, artifact } = this.#reader;
    return gate.run(async () => {
      const wanted = files.flatMap(({ refs, local }) => absent(refs, local));
      const loaded = await fetchFrames(this.#reader, Buffer.concat(wanted));
      const fetched = loaded.pieces.values();
      const writes = files.map((file): FileToWrite => {
        const { path, refs, sparse, local } = file;
        const pieces = piecesOf(refs, local, fetched);
        return { path, unfinished: beside(path), ...pieces, position: 0, create: true, sparse, finish: finishOf(file) };
      });
      const request = { kind: 'write', artifact, frames: loaded.frames, files: writes } as const;
      const { failures, refused } = await session.send(request, loaded.transfer);
      for (const [i, all] of refused) tellRefused(files[i], all);
      return failures;
    });
  }

  async #writeLarge(large: LargeFile, local: Local | undefined): Promise<Failure | undefined> {
    const { path, size, sparse } = large;
    const unfinished = beside(path);
    // Never rejects: several are under way at once, and one that nobody waits for yet would end the process.
    const write = async (file: PartToWrite, part: Part): Promise<Failure | undefined> => {
      try {
        const { session, gate, artifact } = this.#reader;
        return await gate.run(async () => {
          const loaded = await fetchFrames(this.#reader, Buffer.concat(absent(part.refs, part.local)));
          const pieces = piecesOf(part.refs, part.local, loaded.pieces.values());
          const files = [{ ...file, path, unfinished, sparse, position: part.position, ...pieces }];
          const request = { kind: 'write', artifact, frames: loaded.frames, files } as const;
          const { failures, refused } = await session.send(request, loaded.transfer);
          tellRefused(large, refused.get(0) ?? []);
          return failures[0];
        });
      } catch (error) {
        return failureOf(error, { code: 'RESTORE_FAILED', origin: 'repository' });
      }
    };
    // Made here: whether a worker that is being stopped has made it already could not be known, and nobody would remove it.
    const refused = writeFile({ path, unfinished, pieces: [], position: 0, create: true, sparse }, []);
    if (refused !== undefined) return refused;
    const end: Part = { refs: new Uint8Array(0), position: size, local: undefined };
    const failure =
      (await this.#writeParts(large, local, write)) ?? (await write({ create: false, finish: finishOf(large) }, end));
    if (failure === undefined) this.bytes += size;
    else await rm(unfinished, { force: true });
    return failure;
  }

  /** The parts of a list whose first chunk stands at `begins`. */
  *#placed(refs: Uint8Array, begins: number): Generator<Placed> {
    let position = begins;
    for (const part of partsOf(this.#reader, refs)) {
      yield { refs: part, position };
      position += plainBytes(part);
    }
  }

  /** The same without chunks of zeros. */
  *#data(refs: Uint8Array, begins: number): Generator<Placed> {
    let from = 0;
    let position = begins;
    for (let at = 0; at < refs.length; at += REF_BYTES) {
      if (!this.#zeros.has(refs, at)) continue;
      const data = refs.subarray(from, at);
      yield* this.#placed(data, position);
      from = at + REF_BYTES;
      position += plainBytes(data) + plainBytes(refs.subarray(at, from));
    }
    yield* this.#placed(refs.subarray(from), position);
  }

  async #writeParts(
    { refs: lists, sparse }: LargeFile,
    local: Local | undefined,
    write: (file: PartToWrite, part: Part) => Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    const under: Promise<Failure | undefined>[] = [];
    const begin = async (): Promise<Failure | undefined> => {
      let begins = 0;
      for await (const refs of lists) {
        for (const part of sparse ? this.#data(refs, begins) : this.#placed(refs, begins)) {
          under.push(write({ create: false }, { ...part, local: local && within(local, refs, part.refs) }));
          const failure = under.length < PARTS_AT_A_TIME ? undefined : await under.shift();
          if (failure !== undefined) return failure;
        }
        begins += plainBytes(refs);
      }
      return undefined;
    };
    const failure = await begin().catch((error) => failureOf(error, { code: 'RESTORE_FAILED', origin: 'repository' }));
    const rest = await Promise.all(under);
    return failure ?? rest.find((one) => one !== undefined);
  }
}

function finishOf({ size, attributes }: Pick<FileToMake, 'size' | 'attributes'>): NonNullable<FileToWrite['finish']> {
  const { xattrs, lacks, ...others } = attributes;
  const kept = xattrs === undefined ? {} : { xattrs: xattrs.values };
  return { size, attributes: { ...others, ...kept, ...(lacks === undefined ? {} : { ownerless: true }) } };
}

function tellRefused(file: Pick<FileToMake, 'attributes'> | undefined, refused: readonly Refused[]): void {
  for (const { what, code } of refused) {
    if (typeof what === 'string') file?.attributes.lacks?.(what, code);
    else file?.attributes.xattrs?.refused(what.xattr, code);
  }
}

/** What a file of this host has of a part (a view of `refs`, all of the list). */
function within({ path, at }: Local, refs: Uint8Array, part: Uint8Array): Local {
  const first = (part.byteOffset - refs.byteOffset) / REF_BYTES;
  return { path, at: at.subarray(first, first + part.length / REF_BYTES) };
}

/** Whether there is more than one. */
function isMore(parts: Iterator<Uint8Array>): boolean {
  parts.next();
  return parts.next().done !== true;
}

/** A path in the folder of `path` that nothing has. */
function beside(path: Uint8Array): Buffer {
  const folder = Buffer.from(path.subarray(0, path.lastIndexOf(0x2f) + 1));
  // Where there is none, nothing can be made in it either, and whoever tries says so.
  const inode = statSync(folder, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
  return Buffer.concat([folder, Buffer.from(unfinishedName(inode))]);
}
