import { randomBytes } from 'node:crypto';
import type { Json } from '../contract/index.ts';
import { ChunkIndex } from '../repository/chunk-index.ts';
import { generateKeyPair } from '../repository/keys/hpke.ts';
import type { SealedPack, StoreSetup } from './messages.ts';
import { WorkerSession } from './session.ts';

const MiB = 2 ** 20;

/** A storing session, with an index and keys of its own. */
export interface Opened {
  readonly session: WorkerSession;
  readonly cancel: AbortController;
  readonly index: ChunkIndex;
}

/** By default one worker, chunks of 4 KiB (`stages.fixture.ts`) and packs of 8 MiB. */
export function openStoring(o: {
  workers?: number;
  cut?: string;
  packBytes?: number;
  /** A module. */
  codec: string;
  chunker?: { readonly module: string; readonly options: Json };
  onPack?(pack: SealedPack): Promise<void>;
}): Opened {
  const index = ChunkIndex.create(0);
  const cancel = new AbortController();
  const { publicKey } = generateKeyPair();
  const [idKey, indexKey, chunkerKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const session = new WorkerSession({
    workers: o.workers ?? 1,
    signal: cancel.signal,
    ...(o.onPack === undefined ? {} : { onPack: o.onPack }),
    setup: (worker, control): StoreSetup => ({
      kind: 'store',
      worker,
      control,
      index: index.buffer,
      domain: new Uint8Array(16),
      idKey,
      indexKey,
      chunkerKey,
      epoch: new Uint8Array(16),
      epochPublicKey: publicKey,
      chunker: o.chunker ?? { module: import.meta.resolve('./stages.fixture.ts'), options: { cut: o.cut ?? 'well' } },
      codec: { module: o.codec, options: {} },
      packBytes: o.packBytes ?? 8 * MiB,
    }),
  });
  return { session, cancel, index };
}
