import { createHash } from 'node:crypto';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { damaged } from '../repository/damage.ts';
import { loadIndex, type PresentEpochs } from '../repository/index-loading.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { packKey, parseSnapshotKey, snapshotPrefix } from '../repository/layout.ts';
import { birthName, framesByBirth, packsNeeded } from '../repository/missing-frames.ts';
import { type KnownPack, PackList, packSizes } from '../repository/pack-list.ts';
import type { References } from '../repository/references.ts';
import { Removals } from '../repository/removals.ts';
import { beginSession } from '../repository/sessions.ts';
import { readSnapshot, type StoredSnapshot } from '../repository/snapshots.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import { encodeTable } from '../repository/table.ts';
import { findVoid } from '../repository/voids.ts';
import type { Writers } from '../repository/writers.ts';
import { PackDelivery } from './pack-delivery.ts';

/** Copied to one target by one run, bytes: a target that joins a large repository must not keep the next run waiting for days. */
const COPIED_BY_ONE_RUN = 64 * 1024 ** 3;

export interface CatchUpOptions {
  readonly target: NamedTarget;
  /** The targets that are ahead of it. */
  readonly from: Store;
  readonly writers: Writers;
  /** Who copies. */
  readonly host: HostKeys;
  readonly now: Date;
  /** Whose snapshots: 32 hex. */
  readonly writer: string;
  readonly job: string;
  readonly keys: DomainKeys;
  readonly epochs: PresentEpochs;
  readonly signal: AbortSignal;
  /** 64 GiB unless told. */
  readonly mostBytes?: number | undefined;
}

/** What was copied to a target; bytes are those of packs. */
export interface Copied {
  snapshots: number;
  packs: number;
  bytes: number;
}

/**
 * Brings a target the snapshots of a job that others have, the oldest first: of each the packs that it needs, verbatim, then a
 * fragment that names them, then the snapshot. So it never has one without all its frames, and whoever is interrupted goes on where
 * he was. Nothing is opened: each object is compared with its name or its signature. One object at a time is held in memory.
 *
 * `copied` is filled as it goes on. Gives what keeps snapshots from being copied. Throws when one of the targets fails.
 */
export async function catchUp(o: CatchUpOptions, copied: Copied): Promise<readonly Failure[]> {
  const alone = new Store([o.target]);
  const lacking = await lackingSnapshots(o, alone);
  if (lacking.length === 0) return [];
  const last = lacking.at(-1) as string;
  const { marked } = await beginSession(alone, { ...o, domain: o.keys.id, snapshot: last });
  const here = framesByBirth((await loadIndex(alone, o.keys, 'read', { epochs: o.epochs, marked })).packs);
  const { packs } = await loadIndex(o.from, o.keys, 'read', { epochs: o.epochs });
  const frames = framesByBirth(packs);
  const sizes = await packSizes(alone, o.keys);
  const delivery = new PackDelivery({ store: alone, domain: o.keys, packs: new PackList(), adopted: [] });
  const problems: Failure[] = [];
  const most = copied.bytes + (o.mostBytes ?? COPIED_BY_ONE_RUN);
  for (const key of lacking) {
    try {
      const snapshot = await readSnapshot(o.from, o.writers, key);
      const references = without(snapshot.opened.references(o.keys.indexKey), here);
      const { needed, missing } = packsNeeded(references, frames);
      if (missing > 0) fail(framesMissing(snapshot, missing));
      for (const pack of needed) {
        if (marked.has(pack.name)) fail(stillBehind(o.target.name, MARKED));
        const there = sizes.get(pack.name);
        if (there !== undefined && there !== pack.size) fail(cutShort(o, pack, there));
        if (there !== undefined) continue;
        if (o.signal.aborted) fail(stillBehind(o.target.name, 'the run ended before all was copied'));
        if (copied.bytes >= most)
          fail(stillBehind(o.target.name, `one run copies no more than ${o.mostBytes ?? COPIED_BY_ONE_RUN} bytes`));
        const bytes = await readPack(o, pack);
        await delivery.store({ pack: delivery.count, name: pack.name, bytes, table: encodeTable(pack.table) });
        sizes.set(pack.name, pack.size);
        copied.packs++;
        copied.bytes += bytes.length;
      }
      await delivery.flush();
      await alone.put(key, snapshot.bytes, snapshot.opened.hash);
      copied.snapshots++;
    } catch (error) {
      const failure = failureOf(error, { code: 'TARGET_BEHIND', origin: 'target' });
      if (failure.code === 'SNAPSHOT_VOID') {
        await copyVoid(o, alone, key);
        continue;
      }
      if (failure.code === 'TARGET_BEHIND') await delivery.flush();
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      problems.push(failure);
    }
  }
  return problems;
}

/** Where others have nothing but a void, so does it: a chain goes over it. */
async function copyVoid({ from, writers }: CatchUpOptions, alone: Store, key: string): Promise<void> {
  const found = await findVoid(from, writers, key);
  if (found !== undefined) await alone.put(key, found.bytes, found.hash);
}

/** It could go at any moment, and what is there cannot be put again. */
const MARKED = 'a pack that they need is being pruned there; when it is gone it is copied again';

/** What of these frames is not among those that are there, by whatever packs. */
function without({ births }: References, there: ReadonlyMap<string, { has(ordinal: number): boolean }>): References {
  return {
    births: births.flatMap(({ salt, ordinals }) => {
      const present = there.get(birthName(salt));
      const lacking = present === undefined ? ordinals : ordinals.filter((ordinal) => !present.has(ordinal));
      return lacking.length === 0 ? [] : [{ salt, ordinals: lacking }];
    }),
  };
}

/**
 * Keys of those that others have and it lacks, oldest first; not those from before the job changed its domain, and none that is
 * wanted no more, here or where it still lies.
 */
async function lackingSnapshots({ from, writers, writer, job, keys }: CatchUpOptions, alone: Store): Promise<string[]> {
  const prefix = snapshotPrefix(writer, job);
  const here = new Set(await alone.keys(prefix));
  const lists = await from.list(prefix);
  const listed = [...new Set(lists.flatMap((list) => [...list.keys()]))].sort();
  if (listed.every((key) => here.has(key))) return [];
  const removals = await Removals.load(new Store([...alone.targets, ...from.targets]), writers);
  const isWanted = (key: string) =>
    alone.targets.every(({ name }) => removals.find(name, key, undefined) === undefined) &&
    from.targets.some(({ name }, i) => lists[i]?.has(key) && removals.find(name, key, undefined) === undefined);
  const there = listed.filter((key) => parseSnapshotKey(key) !== undefined && !here.has(key) && isWanted(key));
  const lacking: string[] = [];
  for (const key of there.reverse()) {
    const domain = await domainOf(from, writers, key);
    if (domain !== undefined && domain !== keys.id) break;
    lacking.push(key);
  }
  return lacking.reverse();
}

/** One that cannot be read counts as of the same domain: why it cannot is said where it is copied. */
async function domainOf(from: Store, writers: Writers, key: string): Promise<string | undefined> {
  try {
    return (await readSnapshot(from, writers, key)).opened.header.domain;
  } catch (error) {
    if (failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }).origin === 'target') throw error;
    return undefined;
  }
}

function readPack({ from, keys }: CatchUpOptions, { name }: KnownPack): Promise<Uint8Array> {
  const key = packKey(keys.id, name);
  return from.read(key, undefined, (bytes) => {
    if (createHash('sha256').update(bytes).digest('hex') !== name)
      damaged('PACK_DAMAGED', `${key} is damaged: its SHA-256 is not its name.`);
    return bytes;
  });
}

/** Why the newest snapshot does not lie on a target that nothing is wrong with. */
export function stillBehind(target: string, why: string): Failure {
  return {
    code: 'TARGET_BEHIND',
    message: `target ${target} still lacks snapshots of this job that other targets have: ${why}`,
    origin: 'target',
    permanent: false,
    hint: 'run the job again: what was copied stays, and each run goes on from there',
  };
}

function framesMissing({ id, key }: StoredSnapshot, missing: number): Failure {
  return {
    code: 'FRAMES_MISSING',
    message: `snapshot ${id} (${key}) is not copied to targets that lack it: ${missing} of its frames lie in no pack`,
    origin: 'repository',
    permanent: true,
    hint: 'run `holdfast verify` to see what is lost; what is still at its source is stored anew by the next run',
  };
}

function cutShort({ target, keys }: CatchUpOptions, { name, size }: KnownPack, there: number): Failure {
  return {
    code: 'PACK_DAMAGED',
    message: `${packKey(keys.id, name)} has ${there} bytes on target ${target.name} instead of ${size}: nothing is copied over it`,
    origin: 'repository',
    permanent: true,
    hint: 'remove it there when another target has it whole (`holdfast verify` says so); the next run then copies it',
  };
}
