import { type Compared, type Failure, fail, failureOf } from '../contract/index.ts';
import { UNREADABLE } from '../workers/local-file.ts';
import type { FileToCompare, FoundChunks } from '../workers/messages.ts';
import type { WorkerSession } from '../workers/session.ts';
import { plainBytes } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';

/** Small files are gathered until they are this much; bytes and files. A large one is looked through in parts of this size. */
const BATCH_BYTES = 16 * 1024 * 1024;
const BATCH_FILES = 256;
/** But never in more than so many: a sparse file may be of any size, and most of it is looked through in no time. */
const MOST_PARTS = 4096;
const PARTS_AT_A_TIME = 4;

interface Waiting {
  readonly file: FileToCompare;
  done(found: FoundChunks | Failure): void;
}

/** Looks for the chunks of stored files in files of this host: in the workers, and without asking any target. */
export class LocalFiles {
  readonly #session: WorkerSession;
  readonly #artifact: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #flushing = false;
  /** Of stored files that were looked for so far. */
  bytes = 0;

  constructor({ session, artifact }: { readonly session: WorkerSession; readonly artifact: number }) {
    this.#session = session;
    this.#artifact = artifact;
  }

  /** `refs`: n × 36 bytes. What the file has of them, or why it cannot be read; rejects when the workers cannot go on. */
  async find(path: Uint8Array, refs: Uint8Array, size: number): Promise<FoundChunks | Failure> {
    const found = size > BATCH_BYTES ? await this.#inParts(path, refs, size) : await this.#gather(path, refs, size);
    if ('code' in found && found.code !== UNREADABLE) fail(found);
    this.bytes += size;
    return found;
  }

  #gather(path: Uint8Array, refs: Uint8Array, size: number): Promise<FoundChunks | Failure> {
    return new Promise((done) => {
      this.#waiting.push({ file: { path, refs, position: 0, size }, done });
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
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const found = await this.#ask(waiting.map(({ file }) => file));
    waiting.forEach(({ done }, i) => {
      done('code' in found ? found : (found[i] as FoundChunks | Failure));
    });
  }

  async #inParts(path: Uint8Array, refs: Uint8Array, size: number): Promise<FoundChunks | Failure> {
    const all = { at: new Float64Array(refs.length / REF_BYTES), size: 0 };
    const under: Promise<Failure | undefined>[] = [];
    let failure: Failure | undefined;
    let position = 0;
    for (const part of cut(refs, Math.max(BATCH_BYTES, size / MOST_PARTS))) {
      under.push(
        this.#part({ path, refs: part, position, size }, all, (part.byteOffset - refs.byteOffset) / REF_BYTES),
      );
      position += plainBytes(part);
      if (under.length >= PARTS_AT_A_TIME) failure = await under.shift();
      if (failure !== undefined) break;
    }
    const rest = await Promise.all(under);
    return failure ?? rest.find((one) => one !== undefined) ?? all;
  }

  async #part(
    file: FileToCompare,
    all: { at: Float64Array; size: number },
    from: number,
  ): Promise<Failure | undefined> {
    const found = await this.#ask([file]);
    const first = 'code' in found ? found : found[0];
    if (first === undefined || !('at' in first)) return first;
    all.at.set(first.at, from);
    all.size = first.size;
    return undefined;
  }

  async #ask(files: readonly FileToCompare[]): Promise<readonly (FoundChunks | Failure)[] | Failure> {
    try {
      return (await this.#session.send({ kind: 'compare', artifact: this.#artifact, files })).found;
    } catch (error) {
      return failureOf(error, { code: 'COMPARE_FAILED', origin: 'agent' });
    }
  }
}

/** Cuts a list of references into parts of so many bytes of plaintext, at least one reference each. */
function* cut(refs: Uint8Array, bytes: number): Generator<Uint8Array> {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  let from = 0;
  let size = 0;
  for (let at = 0; at < refs.length; at += REF_BYTES) {
    const length = view.getUint32(at + 32, true);
    if (size > 0 && size + length > bytes) {
      yield refs.subarray(from, at);
      from = at;
      size = 0;
    }
    size += length;
  }
  if (from < refs.length) yield refs.subarray(from);
}

/** What was found says of a file, beside a stored one of `size` bytes. */
export function comparedAs(found: FoundChunks | Failure, refs: Uint8Array, size: number): Compared {
  if (!('at' in found)) return { kind: 'failed', failure: found };
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  let [position, bytes, inPlace] = [0, 0, found.size === size];
  found.at.forEach((at, i) => {
    const length = view.getUint32(i * REF_BYTES + 32, true);
    if (at !== position) inPlace = false;
    if (at < 0) bytes += length;
    position += length;
  });
  return inPlace ? { kind: 'same' } : { kind: 'different', bytes };
}
