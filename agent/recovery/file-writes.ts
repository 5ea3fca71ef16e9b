import { rm } from 'node:fs/promises';
import { type Compared, type Failure, type FileAttributes, failureOf, unfinishedName } from '../contract/index.ts';
import { writeFile } from '../workers/file-writing.ts';
import { CHANGED, UNREADABLE } from '../workers/local-file.ts';
import type { FileToWrite, LocalPiece, Piece } from '../workers/messages.ts';
import { type ChunkReader, fetchFrames, partsOf, plainBytes } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';
import { comparedAs, LocalFiles } from './local-files.ts';

/** Files are gathered until they are this much, so that a frame that holds many of them is opened once; bytes and files. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_FILES = 1024;
const PARTS_AT_A_TIME = 4;

interface Waiting {
  readonly path: Uint8Array;
  readonly refs: Uint8Array;
  readonly size: number;
  readonly attributes: FileAttributes;
  readonly local: Local | undefined;
  done(failure: Failure | undefined): void;
}

/** What a file of this host has of a stored one: where each chunk begins in it, −1 where it has none. */
interface Local {
  readonly path: Uint8Array;
  readonly at: Float64Array;
}

/** Writes restored files: small ones gathered into batches for the workers, large ones part by part. */
export class FileWrites {
  readonly #reader: ChunkReader;
  readonly #local: LocalFiles;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #flushing = false;
  bytes = 0;

  constructor(reader: ChunkReader) {
    this.#reader = reader;
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
  async write(
    path: Uint8Array,
    refs: Uint8Array,
    size: number,
    attributes: FileAttributes,
    like?: Uint8Array,
  ): Promise<Failure | undefined> {
    const found = like === undefined ? undefined : await this.#local.find(like, refs, size);
    if (like === undefined || found === undefined || !('at' in found)) return this.#begin(path, refs, size, attributes);
    const failure = await this.#begin(path, refs, size, attributes, { path: like, at: found.at });
    if (failure?.code !== CHANGED && failure?.code !== UNREADABLE) return failure;
    return this.#begin(path, refs, size, attributes); // it changed since: all of it can still be fetched
  }

  #begin(
    path: Uint8Array,
    refs: Uint8Array,
    size: number,
    attributes: FileAttributes,
    local?: Local,
  ): Promise<Failure | undefined> {
    if (size > BATCH_BYTES) return this.#writeLarge(path, refs, size, attributes, local);
    return new Promise((done) => {
      this.#waiting.push({ path, refs, size, attributes, local, done });
      this.#waitingBytes += size;
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
      const loaded = await fetchFrames(
        this.#reader,
        Buffer.concat(files.flatMap(({ refs, local }) => absent(refs, local))),
      );
      const fetched = loaded.pieces.values();
      const writes = files.map(({ path, refs, size, attributes, local }): FileToWrite => {
        const pieces = piecesOf(refs, local, fetched);
        const finish = { size, attributes };
        return { path, unfinished: beside(path), ...pieces, position: 0, create: true, finish };
      });
      const request = { kind: 'write', artifact, frames: loaded.frames, files: writes } as const;
      return (await session.send(request, loaded.transfer)).failures;
    });
  }

  async #writeLarge(
    path: Uint8Array,
    refs: Uint8Array,
    size: number,
    attributes: FileAttributes,
    local: Local | undefined,
  ): Promise<Failure | undefined> {
    const unfinished = beside(path);
    // Never rejects: several are under way at once, and one that nobody waits for yet would end the process.
    const write = async (
      file: Omit<FileToWrite, 'path' | 'unfinished' | 'pieces'>,
      part: Uint8Array,
      from: Local | undefined,
    ): Promise<Failure | undefined> => {
      try {
        const { session, gate, artifact } = this.#reader;
        return await gate.run(async () => {
          const loaded = await fetchFrames(this.#reader, Buffer.concat(absent(part, from)));
          const files = [{ ...file, path, unfinished, ...piecesOf(part, from, loaded.pieces.values()) }];
          const request = { kind: 'write', artifact, frames: loaded.frames, files } as const;
          return (await session.send(request, loaded.transfer)).failures[0];
        });
      } catch (error) {
        return failureOf(error, { code: 'RESTORE_FAILED', origin: 'repository' });
      }
    };
    // Made here: whether a worker that is being stopped has made it already could not be known, and nobody would remove it.
    const refused = writeFile({ path, unfinished, pieces: [], position: 0, create: true }, []);
    if (refused !== undefined) return refused;
    const none = new Uint8Array(0);
    const failure =
      (await this.#writeParts(refs, local, write)) ??
      (await write({ create: false, position: size, finish: { size, attributes } }, none, undefined));
    if (failure === undefined) this.bytes += size;
    else await rm(unfinished, { force: true });
    return failure;
  }

  async #writeParts(
    refs: Uint8Array,
    local: Local | undefined,
    write: (
      file: { create: false; position: number },
      part: Uint8Array,
      from: Local | undefined,
    ) => Promise<Failure | undefined>,
  ): Promise<Failure | undefined> {
    const under: Promise<Failure | undefined>[] = [];
    let position = 0;
    let failure: Failure | undefined;
    for (const part of partsOf(refs)) {
      const first = (part.byteOffset - refs.byteOffset) / REF_BYTES;
      const from = local && { ...local, at: local.at.subarray(first, first + part.length / REF_BYTES) };
      under.push(write({ create: false, position }, part, from));
      position += plainBytes(part);
      if (under.length >= PARTS_AT_A_TIME) failure = await under.shift();
      if (failure !== undefined) break;
    }
    const rest = await Promise.all(under);
    return failure ?? rest.find((one) => one !== undefined);
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
