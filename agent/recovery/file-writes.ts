import { rm } from 'node:fs/promises';
import { type Compared, type Failure, type FileAttributes, failureOf, unfinishedName } from '../contract/index.ts';
import { writeFile } from '../workers/file-writing.ts';
import { CHANGED, UNREADABLE } from '../workers/local-file.ts';
import type { FileToWrite, LocalPiece, Piece, RefusedXattr } from '../workers/messages.ts';
import { type ChunkReader, fetchFrames, partsOf, plainBytes } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';
import { comparedAs, LocalFiles } from './local-files.ts';
import type { ZeroChunks } from './zero-chunks.ts';

/** Files are gathered until they are this much, so that a frame that holds many of them is opened once; bytes and files. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_FILES = 1024;
const PARTS_AT_A_TIME = 4;

/** A file to be made: its chunks (n × 36 bytes), its size in bytes, and whether its zeros come back as holes. */
export interface FileToMake {
  readonly path: Uint8Array;
  readonly refs: Uint8Array;
  readonly size: number;
  readonly sparse: boolean;
  readonly attributes: FileAttributes;
}

/** What a file of this host has of a stored one: where each chunk begins in it, −1 where it has none. */
interface Local {
  readonly path: Uint8Array;
  readonly at: Float64Array;
}

interface Waiting extends FileToMake {
  readonly local: Local | undefined;
  done(failure: Failure | undefined): void;
}

/** Some chunks of a file, where they belong in it, and what a file of this host has of them. */
interface Part {
  readonly refs: Uint8Array;
  readonly position: number;
  readonly local: Local | undefined;
}

type PartToWrite = Omit<FileToWrite, 'path' | 'unfinished' | 'pieces' | 'sparse' | 'position' | 'like'>;

/** Writes restored files: small ones gathered into batches for the workers, large ones part by part. */
export class FileWrites {
  readonly #reader: ChunkReader;
  readonly #zeros: ZeroChunks;
  readonly #local: LocalFiles;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #flushing = false;
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

  /** Resolves when the file stands whole, or with the failure after what was begun is removed. `like`: a file to take from. */
  async write(file: FileToMake, like?: Uint8Array): Promise<Failure | undefined> {
    if (like === undefined) return this.#begin(file, undefined);
    const found = await this.#local.find(like, file.refs, file.size);
    if (!('at' in found)) return this.#begin(file, undefined);
    const failure = await this.#begin(file, { path: like, at: found.at });
    if (failure?.code !== CHANGED && failure?.code !== UNREADABLE) return failure;
    return this.#begin(file, undefined); // it changed since: all of it can still be fetched
  }

  #begin(file: FileToMake, local: Local | undefined): Promise<Failure | undefined> {
    if (file.size > BATCH_BYTES) return this.#writeLarge(file, local);
    return new Promise((done) => {
      this.#waiting.push({ ...file, local, done });
      this.#waitingBytes += file.size;
      if (this.#waitingBytes >= BATCH_BYTES || this.#waiting.length >= BATCH_FILES) void this.#flush();
      else if (!this.#flushing) {
        this.#flushing = true;
        // Two turns of the loop: whoever hands files in may need one to come round again.
        setImmediate(() =>
          setImmediate(() => {
            this.#flushing = false;
            void this.#flush();
          }),
        );
      }
    });
  }

  async #flush(): Promise<void> {
    const files = this.#waiting;
    if (files.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      const failures = await this.#send(files);
      files.forEach((file, i) => {
        if (failures[i] === undefined) this.bytes += file.size;
        file.done(failures[i]);
      });
    } catch (error) {
      const failure = failureOf(error, { code: 'RESTORE_FAILED', origin: 'repository' });
      if (files.length > 1 && failure.origin === 'repository') await this.#oneByOne(files);
      else for (const file of files) file.done(failure);
    }
  }

  /** A chunk that is missing fails the file it belongs to, not its neighbours. */
  async #oneByOne(files: readonly Waiting[]): Promise<void> {
    for (const file of files) {
      try {
        const [failure] = await this.#send([file]);
        if (failure === undefined) this.bytes += file.size;
        file.done(failure);
      } catch (error) {
        file.done(failureOf(error, { code: 'RESTORE_FAILED', origin: 'repository' }));
      }
    }
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
      for (const [i, xattrs] of refused) tellRefused(files[i], xattrs);
      return failures;
    });
  }

  async #writeLarge(large: FileToMake, local: Local | undefined): Promise<Failure | undefined> {
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

  /** The parts of a file without chunks of zeros. */
  *#data(refs: Uint8Array): Generator<Omit<Part, 'local'>> {
    let from = 0;
    let position = 0;
    for (let at = 0; at < refs.length; at += REF_BYTES) {
      if (!this.#zeros.has(refs, at)) continue;
      const data = refs.subarray(from, at);
      yield* placed(data, position);
      from = at + REF_BYTES;
      position += plainBytes(data) + plainBytes(refs.subarray(at, from));
    }
    yield* placed(refs.subarray(from), position);
  }

  async #writeParts(
    { refs, sparse }: FileToMake,
    local: Local | undefined,
    write: (file: PartToWrite, part: Part) => Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    const under: Promise<Failure | undefined>[] = [];
    let failure: Failure | undefined;
    for (const part of sparse ? this.#data(refs) : placed(refs, 0)) {
      const first = (part.refs.byteOffset - refs.byteOffset) / REF_BYTES;
      const at = local?.at.subarray(first, first + part.refs.length / REF_BYTES);
      const here = local === undefined || at === undefined ? undefined : { path: local.path, at };
      under.push(write({ create: false }, { ...part, local: here }));
      if (under.length >= PARTS_AT_A_TIME) failure = await under.shift();
      if (failure !== undefined) break;
    }
    const rest = await Promise.all(under);
    return failure ?? rest.find((one) => one !== undefined);
  }
}

function finishOf({ size, attributes }: FileToMake): NonNullable<FileToWrite['finish']> {
  const { xattrs, ...others } = attributes;
  return { size, attributes: { ...others, ...(xattrs === undefined ? {} : { xattrs: xattrs.values }) } };
}

function tellRefused(file: FileToMake | undefined, refused: readonly RefusedXattr[]): void {
  for (const { xattr, code } of refused) file?.attributes.xattrs?.refused(xattr, code);
}

/** Parts of about 4 MiB, each with its place in the file, which begins at `position`. */
function* placed(refs: Uint8Array, position: number): Generator<Omit<Part, 'local'>> {
  let at = position;
  for (const part of partsOf(refs)) {
    yield { refs: part, position: at };
    at += plainBytes(part);
  }
}

/** A path in the folder of `path` that nothing has. */
function beside(path: Uint8Array): Buffer {
  return Buffer.concat([path.subarray(0, path.lastIndexOf(0x2f) + 1), Buffer.from(unfinishedName())]);
}

/** The references to what the file of this host does not have. */
function absent(refs: Uint8Array, local: Local | undefined): Uint8Array[] {
  if (local === undefined) return [refs];
  const parts: Uint8Array[] = [];
  local.at.forEach((at, i) => {
    if (at < 0) parts.push(refs.subarray(i * REF_BYTES, (i + 1) * REF_BYTES));
  });
  return parts;
}

/** The pieces of a file in order: what the file of this host has from there, all else from what was fetched. */
function piecesOf(
  refs: Uint8Array,
  local: Local | undefined,
  fetched: Iterator<Piece>,
): Pick<FileToWrite, 'pieces' | 'like'> {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  const pieces: (Piece | LocalPiece)[] = [];
  for (let at = 0, i = 0; at < refs.length; at += REF_BYTES, i++) {
    const from = local?.at[i] ?? -1;
    if (from < 0) pieces.push(fetched.next().value as Piece);
    else pieces.push({ local: from, length: view.getUint32(at + 32, true), id: refs.subarray(at, at + 32) });
  }
  return local === undefined ? { pieces } : { pieces, like: local.path };
}
