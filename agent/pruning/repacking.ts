import { createHash } from 'node:crypto';
import { type Failure, failureOf } from '../contract/index.ts';
import { PackDelivery } from '../engine/pack-delivery.ts';
import { damaged } from '../repository/damage.ts';
import { ID_BYTES } from '../repository/frame.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import { packKey } from '../repository/layout.ts';
import { MAX_OBJECT_BYTES } from '../repository/object.ts';
import { PackWriter } from '../repository/pack.ts';
import { PackList } from '../repository/pack-list.ts';
import type { Store } from '../repository/store.ts';
import type { PackUse } from './pack-use.ts';

/** A new pack is ended when it has so many bytes. */
const FULL_BYTES = 32 * 1024 * 1024;

export interface Repacking {
  /** The target alone. */
  readonly store: Store;
  readonly keys: DomainKeys;
  readonly signal: AbortSignal;
  /** Whether there is time for one more pack. */
  readonly mayGoOn: () => boolean;
}

/** What was moved. Bytes are those that were written. */
export interface Repacked {
  /** All that is needed of these lies in new packs, which fragments name. */
  readonly moved: readonly PackUse[];
  readonly packs: number;
  readonly bytes: number;
  /** Packs that were not touched, because they are not what they were. */
  readonly problems: readonly Failure[];
}

/**
 * Moves frames to new packs as they are: they keep their births and ordinals, so no snapshot and no key is touched. Old packs stay. When
 * it is interrupted, frames lie twice, and the next plan finds one of each unused.
 */
export async function repack(uses: readonly PackUse[], o: Repacking): Promise<Repacked> {
  const delivery = new PackDelivery({ store: o.store, domain: o.keys, packs: new PackList(), adopted: [] });
  const buffer = new ArrayBuffer(MAX_OBJECT_BYTES);
  const begin = () => new PackWriter({ domain: Buffer.from(o.keys.id, 'hex'), indexKey: o.keys.indexKey, buffer });
  const moved: PackUse[] = [];
  const problems: Failure[] = [];
  let writer = begin();
  const seal = async () => {
    if (writer.frameCount === 0) return;
    await delivery.store({ pack: delivery.count, ...writer.seal() });
    writer = begin();
  };
  for (const use of uses) {
    if (!o.mayGoOn()) break;
    o.signal.throwIfAborted();
    let bytes: Uint8Array;
    try {
      bytes = await readWhole(use, o);
    } catch (error) {
      const failure = failureOf(error, { code: 'PACK_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      problems.push(failure);
      continue;
    }
    for (const frame of use.live) {
      const { chunkCount, sealedLength } = use.pack.table.frames[frame] ?? { chunkCount: 0, sealedLength: 0 };
      if (writer.size >= FULL_BYTES || !writer.fits(sealedLength, chunkCount)) await seal();
      append(writer, use, frame, bytes);
    }
    moved.push(use);
  }
  await seal();
  await delivery.flush();
  return { moved, packs: delivery.count, bytes: delivery.bytes, problems };
}

/** Compared with its name: what is not what it was is not moved to where it would look sound. */
function readWhole({ pack }: PackUse, { store, keys }: Repacking): Promise<Uint8Array> {
  const key = packKey(keys.id, pack.name);
  return store.read(key, undefined, (bytes) => {
    if (createHash('sha256').update(bytes).digest('hex') !== pack.name)
      damaged('PACK_DAMAGED', `${key} is damaged: its SHA-256 is not its name.`);
    return bytes;
  });
}

function append(writer: PackWriter, { pack: { table } }: PackUse, index: number, bytes: Uint8Array): void {
  const frame = table.frames[index];
  const birth = frame && table.births[frame.birth];
  if (frame === undefined || birth === undefined) return;
  const { firstChunk, chunkCount, offset, sealedLength } = frame;
  writer.append({
    birth: writer.addBirth(birth),
    ordinal: frame.ordinal,
    codec: frame.codec,
    plainLength: frame.plainLength,
    chunks: {
      ids: table.ids.subarray(firstChunk * ID_BYTES, (firstChunk + chunkCount) * ID_BYTES),
      lengths: table.lengths.subarray(firstChunk, firstChunk + chunkCount),
    },
    sealed: bytes.subarray(offset, offset + sealedLength),
  });
}
