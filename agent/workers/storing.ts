import type { MessagePort } from 'node:worker_threads';
import type { Failure } from '../contract/index.ts';
import { ChunkIndex } from '../repository/chunk-index.ts';
import { throwIfCancelled } from './cancelling.ts';
import { ChunkStore, RefList } from './chunk-store.ts';
import { type Counters, noCounters } from './counters.ts';
import { FileReader } from './file-reading.ts';
import { FrameBuilder } from './frame-builder.ts';
import type { ChunkRefs, FromWorker, Reply, StoredFiles, StoreRequest, StoreSetup, Task } from './messages.ts';
import { PackBuffers } from './pack-buffers.ts';
import { loadChunker, loadCodec } from './stage-loading.ts';

/** The storing side of a worker: answers requests until `finish`, sealing packs as they fill. */
export class Storing {
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #frames: FrameBuilder;
  readonly #store: ChunkStore;
  readonly #reader: FileReader;
  readonly #counters = new Map<number, Counters>();

  private constructor(
    port: MessagePort,
    control: Int32Array,
    frames: FrameBuilder,
    store: ChunkStore,
    reader: FileReader,
  ) {
    this.#port = port;
    this.#control = control;
    this.#frames = frames;
    this.#store = store;
    this.#reader = reader;
  }

  static async create(setup: StoreSetup, task: Task): Promise<Storing> {
    const { port } = task;
    const control = new Int32Array(setup.control);
    const index = new ChunkIndex(setup.index);
    const buffers = new PackBuffers({ port: task.buffers, control, worker: setup.worker, bytes: setup.packBytes });
    const { codec, id: codecId } = await loadCodec(setup.codec);
    const frames = new FrameBuilder({
      setup,
      index,
      codec,
      codecId,
      takeBuffer: () => buffers.take(),
      deliver(sealed) {
        const message: FromWorker = { kind: 'pack', sealed };
        port.postMessage(message, [sealed.bytes.buffer as ArrayBuffer]);
      },
    });
    const store = new ChunkStore({ idKey: setup.idKey, index, frames });
    const chunker = await loadChunker(setup.chunker, setup.chunkerKey);
    return new Storing(port, control, frames, store, new FileReader({ chunker, store, control }));
  }

  answer(request: StoreRequest & { readonly n: number }): Reply {
    throwIfCancelled(this.#control);
    const { n } = request;
    switch (request.kind) {
      case 'files':
        return { kind: 'files', n, stored: this.#files(request) };
      case 'chunks':
        return { kind: 'chunks', n, stored: this.#chunks(request), data: request.data };
      case 'flush':
        return { kind: 'flush', n, counters: this.#flush(request.artifact) };
      case 'finish':
        return { kind: 'finish', n, counters: this.#finish() };
    }
  }

  close(): void {
    this.#port.close();
  }

  #countersOf(artifact: number): Counters {
    let counters = this.#counters.get(artifact);
    if (counters === undefined) {
      counters = noCounters();
      this.#counters.set(artifact, counters);
    }
    return counters;
  }

  #files(request: StoreRequest & { kind: 'files' }): StoredFiles {
    const counters = this.#countersOf(request.artifact);
    const refs = new RefList();
    const counts = new Uint32Array(request.files.length);
    const sizes = new Float64Array(request.files.length);
    const changed: number[] = [];
    const failures: { file: number; failure: Failure }[] = [];
    request.files.forEach((file, i) => {
      throwIfCancelled(this.#control);
      const before = refs.count;
      const outcome = this.#reader.read(file, refs, counters);
      if (outcome.kind === 'failed') {
        failures.push({ file: i, failure: outcome.failure });
        return;
      }
      counts[i] = refs.count - before;
      sizes[i] = outcome.size;
      if (outcome.changed) changed.push(i);
    });
    return { ...refs.take(), counts, sizes, changed, failures };
  }

  #chunks(request: StoreRequest & { kind: 'chunks' }): ChunkRefs {
    const counters = this.#countersOf(request.artifact);
    const refs = new RefList();
    let at = 0;
    for (const length of request.lengths) {
      throwIfCancelled(this.#control);
      this.#store.store(request.group, request.data.subarray(at, at + length), refs, counters);
      at += length;
    }
    return refs.take();
  }

  #finish(): Counters {
    const counters = noCounters();
    this.#frames.flush(counters, true);
    return counters;
  }

  #flush(artifact: number): Counters {
    const counters = this.#countersOf(artifact);
    this.#frames.flush(counters, false);
    this.#counters.delete(artifact);
    return counters;
  }
}
