import { rm } from 'node:fs/promises';
import { type Failure, type FileAttributes, failureOf, unfinishedName } from '../contract/index.ts';
import { writeFile } from '../workers/file-writing.ts';
import type { FileToWrite, RefusedXattr } from '../workers/messages.ts';
import { type ChunkReader, fetchFrames, partsOf } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';
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

interface Waiting extends FileToMake {
  done(failure: Failure | undefined): void;
}

/** Writes restored files: small ones gathered into batches for the workers, large ones part by part. */
export class FileWrites {
  readonly #reader: ChunkReader;
  readonly #zeros: ZeroChunks;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #flushing = false;
  bytes = 0;

  constructor(reader: ChunkReader, zeros: ZeroChunks) {
    this.#reader = reader;
    this.#zeros = zeros;
  }

  /** Resolves when the file stands whole, or with the failure after what was begun is removed. */
  write(file: FileToMake): Promise<Failure | undefined> {
    if (file.size > BATCH_BYTES) return this.#writeLarge(file);
    return new Promise((done) => {
      this.#waiting.push({ ...file, done });
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
      const loaded = await fetchFrames(this.#reader, Buffer.concat(files.map(({ refs }) => refs)));
      let at = 0;
      const writes = files.map((file): FileToWrite => {
        const { path, refs, sparse } = file;
        const pieces = loaded.pieces.slice(at, at + refs.length / REF_BYTES);
        at += pieces.length;
        return { path, unfinished: beside(path), pieces, position: 0, create: true, sparse, finish: finishOf(file) };
      });
      const request = { kind: 'write', artifact, frames: loaded.frames, files: writes } as const;
      const { failures, refused } = await session.send(request, loaded.transfer);
      for (const [i, xattrs] of refused) tellRefused(files[i], xattrs);
      return failures;
    });
  }

  async #writeLarge(large: FileToMake): Promise<Failure | undefined> {
    const { path, size, sparse } = large;
    const unfinished = beside(path);
    // Never rejects: several are under way at once, and one that nobody waits for yet would end the process.
    const write = async (
      file: Omit<FileToWrite, 'path' | 'unfinished' | 'pieces' | 'sparse'>,
      part: Uint8Array,
    ): Promise<Failure | undefined> => {
      try {
        const { session, gate, artifact } = this.#reader;
        return await gate.run(async () => {
          const loaded = await fetchFrames(this.#reader, part);
          const files = [{ ...file, path, unfinished, sparse, pieces: loaded.pieces }];
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
    const none = new Uint8Array(0);
    const failure =
      (await this.#writeParts(large, write)) ??
      (await write({ create: false, position: size, finish: finishOf(large) }, none));
    if (failure === undefined) this.bytes += size;
    else await rm(unfinished, { force: true });
    return failure;
  }

  /** The same without chunks of zeros. */
  *#data(refs: Uint8Array): Generator<{ part: Uint8Array; position: number }> {
    let from = 0;
    let position = 0;
    for (let at = 0; at < refs.length; at += REF_BYTES) {
      if (!this.#zeros.has(refs, at)) continue;
      const data = refs.subarray(from, at);
      yield* placed(data, position);
      from = at + REF_BYTES;
      position += lengthOf(data) + lengthOf(refs.subarray(at, from));
    }
    yield* placed(refs.subarray(from), position);
  }

  async #writeParts(
    { refs, sparse }: FileToMake,
    write: (file: { create: false; position: number }, part: Uint8Array) => Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    const under: Promise<Failure | undefined>[] = [];
    let failure: Failure | undefined;
    for (const { part, position } of sparse ? this.#data(refs) : placed(refs, 0)) {
      under.push(write({ create: false, position }, part));
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
function* placed(refs: Uint8Array, position: number): Generator<{ part: Uint8Array; position: number }> {
  let at = position;
  for (const part of partsOf(refs)) {
    yield { part, position: at };
    at += lengthOf(part);
  }
}

/** A path in the folder of `path` that nothing has. */
function beside(path: Uint8Array): Buffer {
  return Buffer.concat([path.subarray(0, path.lastIndexOf(0x2f) + 1), Buffer.from(unfinishedName())]);
}

function lengthOf(refs: Uint8Array): number {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  let sum = 0;
  for (let at = 32; at < refs.length; at += REF_BYTES) sum += view.getUint32(at, true);
  return sum;
}
