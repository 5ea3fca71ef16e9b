import { failureOf } from '../contract/index.ts';
import { loadIndex } from '../repository/index-loading.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { parseSnapshotKey } from '../repository/layout.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import { brokenLinks } from './chains.ts';
import { checkEpochsOf, checkKeys } from './check-keys.ts';
import { missingFrames } from './missing-frames.ts';
import { eachTarget, isWanted, type Verification } from './verification.ts';

/**
 * What can be known from listings, signatures and indexes: every snapshot reads and follows the one before it, on every target,
 * and every frame it refers to lies in a pack that is there at its full size. Needs the index key of a domain, which its host has.
 */
export async function checkListing(v: Verification, host: HostKeys | undefined): Promise<void> {
  for (const { key, failure } of v.listing.damaged) v.find({ level: 'list', object: key, failure, snapshots: [] });
  for (const { snapshot, failure } of brokenLinks(v.listing.snapshots)) {
    v.find({ level: 'list', object: snapshot.key, failure, snapshots: [snapshot.id] });
  }
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
    const snapshots = wanted.filter(({ opened }) => opened.header.domain === id);
    for (const { name, alone } of eachTarget(v)) {
      const { packs, problems } = await loadIndex(alone, keys, 'read');
      await checkEpochsOf(v, { target: name, alone, domain: id, packs });
      for (const problem of problems) {
        // A pack that an index names and that is gone matters only when a snapshot needs it: that is found below.
        if (problem.code !== 'PACK_MISSING') {
          v.find({ level: 'list', target: name, object: 'index', failure: problem, snapshots: [] });
        }
      }
      for (const snapshot of snapshots) {
        try {
          const missing = missingFrames(snapshot.opened.references(keys.indexKey), packs);
          if (missing > 0) {
            v.find({
              level: 'list',
              target: name,
              object: snapshot.key,
              snapshots: [snapshot.id],
              failure: {
                code: 'FRAMES_MISSING',
                message: `${missing} frames that snapshot ${snapshot.id} needs lie in no pack of target ${name}`,
                origin: 'repository',
                permanent: true,
                hint: 'look for the pack on another target; the next run stores again what still is at its source',
              },
            });
          }
        } catch (error) {
          const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
          v.find({ level: 'list', target: name, object: snapshot.key, failure, snapshots: [snapshot.id] });
        }
      }
    }
  }
}

/** A snapshot that one target has and another lacks or has damaged: the other lags, or rots. */
async function checkCopies(v: Verification): Promise<void> {
  const targets = eachTarget(v);
  if (targets.length < 2) return;
  const present = await Promise.all(targets.map(async ({ alone }) => new Set(await alone.keys('snapshots/'))));
  const everywhere = new Set(v.listing.damaged.map(({ key }) => key));
  for (const { name, alone } of targets) {
    for (const { key, failure } of (await listSnapshots(alone, v.writers)).damaged) {
      if (!everywhere.has(key)) v.find({ level: 'list', target: name, object: key, failure, snapshots: [] });
    }
  }
  for (const key of new Set(present.flatMap((keys) => [...keys]))) {
    const writer = parseSnapshotKey(key)?.writer;
    if (writer === undefined || !v.writers.trusts(writer)) continue;
    for (const [i, { name }] of targets.entries()) {
      if (present[i]?.has(key)) continue;
      v.find({
        level: 'list',
        target: name,
        object: key,
        snapshots: [],
        failure: {
          code: 'COPY_MISSING',
          message: `target ${name} lacks ${key}, which another target has`,
          origin: 'target',
          permanent: true,
        },
      });
    }
  }
}
