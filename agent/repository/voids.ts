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

/** One by somebody who is not trusted, perhaps no more: it says nothing, but the snapshot after it may name it. */
export type UnbelievedVoid = Pick<StoredVoid, 'key' | 'hash'>;

/** That a target has something else under a key, or that another fails, does not matter: only whether one has a void there. */
export async function findVoid(store: Store, writers: Writers, key: string): Promise<StoredVoid | undefined> {
  try {
    return await store.read(key, undefined, (bytes) => {
      if (isVoid(bytes)) return { key, hash: voidHash(bytes), void: readVoid(bytes, writers, key), bytes };
      return fail(noVoid(key));
    });
  } catch (error) {
    if (failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }).code === 'CANCELLED') throw error;
    return undefined;
  }
}

export async function unbelievedVoid(store: Store, key: string): Promise<UnbelievedVoid> {
  const bytes = await store.read(key, undefined, (found) => (isVoid(found) ? found : fail(noVoid(key))));
  return { key, hash: voidHash(bytes) };
}

/** Refuses, with `SNAPSHOT_VOID`, bytes that are a void and can be believed; what is a void and is not sound is damaged. */
export function refuseVoid(bytes: Uint8Array, writers: Writers, key: string): void {
  if (isVoid(bytes)) fail(voided(readVoid(bytes, writers, key)));
}

function noVoid(key: string): Failure {
  return { code: 'OBJECT_DAMAGED', message: `${key} is no void`, origin: 'repository', permanent: true };
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
    hint: 'nothing is to be done: the next snapshot of the job has the next number',
  };
}
