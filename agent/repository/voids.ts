import { type Failure, fail, failureOf } from '../contract/index.ts';
import { decodeVoid, isVoid, type SnapshotVoid, voidHash } from './snapshot-void.ts';
import type { Store } from './store.ts';
import type { Writers } from './writers.ts';

/** A void as it lies where a snapshot was to lie. */
export interface StoredVoid {
  readonly key: string;
  /** SHA-256 of the object, hex. */
  readonly hash: string;
  readonly void: SnapshotVoid;
  readonly bytes: Uint8Array;
}

/** The void that some target has under a key; undefined where none of them has one that can be believed. Throws when a target fails. */
export async function findVoid(store: Store, writers: Writers, key: string): Promise<StoredVoid | undefined> {
  try {
    return await store.read(key, undefined, (bytes) => {
      if (isVoid(bytes)) return { key, hash: voidHash(bytes), void: readVoid(bytes, writers, key), bytes };
      return fail({ code: 'OBJECT_DAMAGED', message: `${key} is no void`, origin: 'repository', permanent: true });
    });
  } catch (error) {
    const { origin, code } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    if (origin === 'target' && code !== 'OBJECT_MISSING') throw error;
    return undefined;
  }
}

/** Refuses, with `SNAPSHOT_VOID`, bytes that are a void and can be believed; what is a void and is not sound is damaged. */
export function refuseVoid(bytes: Uint8Array, writers: Writers, key: string): void {
  if (isVoid(bytes)) fail(voided(readVoid(bytes, writers, key)));
}

function readVoid(bytes: Uint8Array, writers: Writers, key: string): SnapshotVoid {
  const { repository } = writers;
  const publicKeyOf = (id: string) => (writers.trusts(id) ? writers.publicKeyOf(id) : undefined);
  return decodeVoid(bytes, { key, publicKeyOf, repository });
}

function voided({ snapshot, writer, created }: SnapshotVoid): Failure {
  return {
    code: 'SNAPSHOT_VOID',
    message: `${snapshot} is void: at ${created} writer ${writer.slice(0, 8)} took the run that was to end there for dead`,
    origin: 'repository',
    permanent: true,
    hint: 'the next run of the job stores its snapshot under the next number',
  };
}
