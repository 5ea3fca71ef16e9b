import { type Failure, failureOf } from '../contract/index.ts';
import { loadIndex } from '../repository/index-loading.ts';
import { type DomainKeys, domainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { parsePackKey, parseSnapshotKey } from '../repository/layout.ts';
import { missingFrames, replacedFrames } from '../repository/missing-frames.ts';
import { listSnapshots, type StoredSnapshot } from '../repository/snapshots.ts';
import type { Store } from '../repository/store.ts';
import { checkChains } from './check-chains.ts';
import { checkEpochsOf, checkKeys, copyMissing } from './check-keys.ts';
import { eachTarget, isWanted, type Verification } from './verification.ts';

/**
 * What can be known from listings, signatures and indexes: every snapshot reads and follows the one before it, on every target,
 * and every frame it refers to lies in a pack that is there at its full size. Needs the index key of a domain, which its host has.
 */
export async function checkListing(v: Verification, host: HostKeys | undefined): Promise<void> {
  checkChains(v);
  for (const { name, alone } of eachTarget(v)) await checkKeys(v, name, alone);
  await checkCopies(v);
  const wanted = v.listing.snapshots.filter(({ opened }) => isWanted(v, opened.header.source));
  v.checked.snapshots += wanted.length;
  const domains = new Map(wanted.map(({ opened }) => [opened.header.domain, opened.header]));
  for (const [id, { host: hostName }] of domains) {
    const known = host?.domains.find((domain) => domain.id === id);
    if (known === undefined) {
      v.notes.push(
        `what snapshots of ${hostName} refer to was not checked: this host has no index key of their domain`,
      );
      continue;
    }
    const keys = domainKeys(known.id, known.name, known.secret);
    for (const target of eachTarget(v)) await checkDomain(v, keys, target);
  }
}

/** What the snapshots of one domain refer to, as far as one target has it. */
async function checkDomain(
  v: Verification,
  keys: DomainKeys,
  { name: target, alone }: { name: string; alone: Store },
): Promise<void> {
  const { index, packs, absent, problems } = await loadIndex(alone, keys, 'read');
  const replaced = replacedFrames({ absent, index });
  const all = v.listing.snapshots.filter(({ opened }) => opened.header.domain === keys.id);
  v.needs.learn(keys, all, [...absent, ...[...packs].map(([, pack]) => pack)]);
  await checkEpochsOf(v, { target, alone, domain: keys.id, packs });
  for (const { object, failure } of problems) {
    // Of a pack that two fragments speak of differently, its own word was taken.
    const name = failure.code === 'INDEX_DISPUTED' ? undefined : parsePackKey(object)?.name;
    const snapshots = name === undefined ? [] : v.needs.ofPack(name, replaced);
    // A pack that an index names and that is gone matters only when a snapshot needs what is nowhere else.
    if (failure.code !== 'PACK_MISSING' || snapshots.length > 0)
      v.find({ level: 'list', target, object, failure, snapshots });
  }
  for (const snapshot of all) {
    // That the target lacks the snapshot is a finding; what it would need is copied with it, unless it is wanted there no more.
    const { lacking = [], forgottenOn = [] } = snapshot;
    if (!isWanted(v, snapshot.opened.header.source) || [...lacking, ...forgottenOn].includes(target)) continue;
    const found = (failure: Failure) =>
      v.find({ level: 'list', target, object: snapshot.key, failure, snapshots: [snapshot.id] });
    try {
      const missing = missingFrames(snapshot.opened.references(keys.indexKey), packs, replaced);
      if (missing === 0) continue;
      v.incomplete.add(snapshot.key);
      found(framesMissing(snapshot, missing, target));
    } catch (error) {
      found(failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }));
    }
  }
}

/** Of a snapshot, on one target. */
export function framesMissing({ id }: StoredSnapshot, missing: number, target: string): Failure {
  return {
    code: 'FRAMES_MISSING',
    message: `${missing} frames that snapshot ${id} needs lie in no pack of target ${target}`,
    origin: 'repository',
    permanent: true,
    hint: '`holdfast repair` copies the packs from another target that has them; the next run stores again what still is at its source',
  };
}

const LAGGING = 'the next run of its job brings it there, with the packs that it needs, when both targets can be had';

/** Of a run that was taken for dead and ended on another target all the same: the snapshot counts. */
function voidCopy(target: string, key: string): Failure {
  return {
    code: 'SNAPSHOT_VOID',
    message: `target ${target} has a void at ${key}, where another target has the snapshot`,
    origin: 'repository',
    permanent: true,
    hint: '`holdfast repair` brings the snapshot there',
  };
}

/** A snapshot that one target has and another lacks or has damaged: the other lags, or rots. */
async function checkCopies(v: Verification): Promise<void> {
  const targets = eachTarget(v);
  if (targets.length < 2) return;
  const present = await Promise.all(targets.map(async ({ alone }) => new Set(await alone.keys('snapshots/'))));
  const ids = new Map(v.listing.snapshots.map(({ key, id }) => [key, id]));
  const everywhere = new Set(v.listing.damaged.map(({ key }) => key));
  for (const { name, alone } of targets) {
    const { damaged, voids } = await listSnapshots(alone, v.writers);
    const superseded = voids.filter(({ key }) => ids.has(key));
    const wrong = [...damaged, ...superseded.map(({ key }) => ({ key, failure: voidCopy(name, key) }))];
    for (const { key, failure } of wrong) {
      if (everywhere.has(key)) continue;
      v.find({ level: 'list', target: name, object: key, failure, snapshots: [ids.get(key) ?? []].flat() });
    }
  }
  const forgotten = new Set(v.listing.forgotten.map(({ key }) => key));
  for (const key of new Set(present.flatMap((keys) => [...keys]))) {
    const writer = parseSnapshotKey(key)?.writer;
    if (writer === undefined || !v.writers.trusts(writer) || forgotten.has(key)) continue;
    for (const [i, { name }] of targets.entries()) {
      if (present[i]?.has(key) || v.listing.removals.find(name, key, undefined) !== undefined) continue;
      v.find({
        level: 'list',
        target: name,
        object: key,
        snapshots: [ids.get(key) ?? []].flat(),
        failure: copyMissing(name, key, LAGGING),
      });
    }
  }
}
