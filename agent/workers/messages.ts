import type { MessagePort } from 'node:worker_threads';
import type { Failure, Json, Meta, Stamp } from '../contract/index.ts';
import type { FileToDress, Refused } from '../system/index.ts';
import type { Counters, ReadCounters } from './counters.ts';

/** A chunker or codec, as a worker can make it: by module and options. */
export interface StageModule {
  readonly module: string;
  readonly options: Json;
}

/** Words of the control block, shared by the main thread and all workers of a session. */
export const CANCELLED = 0;
/** Words from here on: one per worker, counting the pack buffers that came back to it. */
export const RETURNED = 1;

export interface StoreSetup {
  readonly kind: 'store';
  readonly worker: number;
  readonly index: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly domain: Uint8Array;
  readonly idKey: Uint8Array;
  readonly indexKey: Uint8Array;
  readonly chunkerKey: Uint8Array;
  readonly epoch: Uint8Array;
  readonly epochPublicKey: Uint8Array;
  readonly chunker: StageModule;
  readonly codec: StageModule;
  /** A pack is sealed when it would grow beyond this; bytes. */
  readonly packBytes: number;
}

export interface ReadSetup {
  readonly kind: 'read';
  readonly control: SharedArrayBuffer;
  readonly domain: Uint8Array;
  readonly idKey: Uint8Array;
  /** By codec id. */
  readonly codecs: Readonly<Record<number, StageModule>>;
  /** What frames of codecs that are not here fail with, by codec id, as far as snapshots name them. */
  readonly absent: Readonly<Record<number, Failure>>;
}

/** What starts a worker's one long task. `buffers` brings pack buffers back and is read synchronously. */
export interface Task {
  readonly setup: StoreSetup | ReadSetup;
  readonly port: MessagePort;
  readonly buffers: MessagePort;
}

/** `data`: content; `page`: pages of trees and chunk lists, kept in frames of their own so that listing reads little. */
export type Group = 'data' | 'page';

export interface FileToStore {
  readonly path: Uint8Array;
  readonly stamp: Stamp;
  /** Whom it belongs to and who may read it, as it will be restored. */
  readonly owner: Owner;
  /** It may have holes: they are not read. */
  readonly sparse?: true;
}

export type Owner = Pick<Meta, 'mode' | 'uid' | 'gid'>;

export type StoreRequest =
  | { readonly kind: 'files'; readonly artifact: number; readonly files: readonly FileToStore[] }
  | {
      readonly kind: 'chunks';
      readonly artifact: number;
      readonly group: Group;
      /** Chunks back to back, at the front of the buffer, which is transferred. */
      readonly data: Uint8Array;
      readonly lengths: Uint32Array;
    }
  | { readonly kind: 'flush'; readonly artifact: number }
  | { readonly kind: 'finish' };

/** References to chunks: n × 36 bytes (id, u32 LE length), and their slots in the index. */
export interface ChunkRefs {
  readonly refs: Uint8Array;
  readonly slots: Uint32Array;
}

/** What became of a batch of files; lists are in the order of the request, `counts` says how many chunks belong to each. */
export interface StoredFiles extends ChunkRefs {
  readonly counts: Uint32Array;
  readonly sizes: Float64Array;
  /** Files that were not the same after reading as when they were listed: stored as read, not to be cached. */
  readonly changed: readonly number[];
  readonly failures: readonly { readonly file: number; readonly failure: Failure }[];
}

export interface SealedPack {
  readonly pack: number;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly table: Uint8Array;
}

/** One frame as the main thread hands it to a reading worker: sealed bytes and all that authenticates them. */
export interface FrameToOpen {
  readonly sealed: Uint8Array;
  readonly frameKey: Uint8Array;
  readonly salt: Uint8Array;
  readonly ordinal: number;
  readonly codec: number;
  readonly plainLength: number;
  readonly ids: Uint8Array;
  readonly lengths: Uint32Array;
  /** Names the frame in failures: the pack's key and the frame's number. */
  readonly name: string;
}

/** A piece of a chunk list: which frame of the request, and offset and length in its plaintext. */
export interface Piece {
  readonly frame: number;
  readonly offset: number;
  readonly length: number;
}

/** A piece that a file of this host has: where in that file, and what it must be. */
export interface LocalPiece {
  readonly local: number;
  readonly length: number;
  readonly id: Uint8Array;
}

/** A file of this host, or a part of one, that may have chunks of a stored file. */
export interface FileToCompare {
  readonly path: Uint8Array;
  /** The chunks that are looked for, in order: n × 36 bytes (id, u32 LE length). */
  readonly refs: Uint8Array;
  /** Where in the stored file the first of them begins, and how long that file is. */
  readonly position: number;
  readonly size: number;
}

/** Where each chunk begins in a file of this host, −1 where it has none; and how long that file is. */
export interface FoundChunks {
  readonly at: Float64Array;
  readonly size: number;
}

/** A file, or a part of one, to be written by a worker. */
export interface FileToWrite {
  /** The name it gets when it is whole: nothing may stand there. */
  readonly path: Uint8Array;
  /** Its path until then, in the same folder. */
  readonly unfinished: Uint8Array;
  readonly pieces: readonly (Piece | LocalPiece)[];
  /** The file of this host that local pieces are taken from. */
  readonly like?: Uint8Array;
  /** Where the pieces begin in the file. */
  readonly position: number;
  /** The first part creates the file, under its unfinished name. */
  readonly create: boolean;
  /** Zeros are left out, as holes. */
  readonly sparse: boolean;
  /** With the last part: the whole size and the attributes. The file is whole then. */
  readonly finish?: { readonly size: number; readonly attributes: FileToDress };
}

export type ReadRequest =
  | {
      readonly kind: 'write';
      readonly artifact: number;
      readonly frames: readonly FrameToOpen[];
      readonly files: readonly FileToWrite[];
    }
  | {
      readonly kind: 'give';
      readonly artifact: number;
      readonly frames: readonly FrameToOpen[];
      readonly pieces: readonly Piece[];
    }
  | { readonly kind: 'compare'; readonly artifact: number; readonly files: readonly FileToCompare[] }
  /** Asks what was done for an artifact; the count begins anew. */
  | { readonly kind: 'tally'; readonly artifact: number }
  | { readonly kind: 'check'; readonly frames: readonly FrameToOpen[] }
  | { readonly kind: 'finish' };

export type Reply =
  | { readonly kind: 'files'; readonly n: number; readonly stored: StoredFiles }
  /** `data` is the buffer of the request, on its way back to be filled again. */
  | { readonly kind: 'chunks'; readonly n: number; readonly stored: ChunkRefs; readonly data: Uint8Array }
  | { readonly kind: 'flush'; readonly n: number; readonly counters: Counters }
  | {
      readonly kind: 'write';
      readonly n: number;
      readonly failures: readonly (Failure | undefined)[];
      /** By the place of the file in the request. */
      readonly refused: ReadonlyMap<number, readonly Refused[]>;
    }
  | { readonly kind: 'give'; readonly n: number; readonly data: Uint8Array }
  /** Of each file; or why it could not be read. */
  | { readonly kind: 'compare'; readonly n: number; readonly found: readonly (FoundChunks | Failure)[] }
  | { readonly kind: 'tally'; readonly n: number; readonly counters: ReadCounters }
  | {
      readonly kind: 'check';
      readonly n: number;
      readonly bytes: number;
      readonly failures: readonly (Failure | undefined)[];
    }
  /** What belonged to no artifact: sealing the last pack. */
  | { readonly kind: 'finish'; readonly n: number; readonly counters: Counters };

export type FromWorker =
  | Reply
  | { readonly kind: 'pack'; readonly sealed: SealedPack }
  | { readonly kind: 'failed'; readonly n: number; readonly failure: Failure };
