import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { failureOf } from '../contract/index.ts';
import type { Identity } from '../repository/keys/identity.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { removeTree } from '../system/index.ts';
import { restoreSource } from './restore.ts';
import { compareRestored } from './restored-tree.ts';
import { UnlockedSnapshot } from './unlocked-snapshot.ts';
import { isWanted, type Verification } from './verification.ts';

/** Restores the newest snapshot of each wanted source, of each of its jobs, into a scratch folder, compares it entry by entry, and removes it. */
export async function checkRestores(v: Verification, identity: Identity): Promise<void> {
  const newest = new Map<string, StoredSnapshot>();
  for (const snapshot of v.listing.snapshots) {
    if (isWanted(v, snapshot.opened.header.source))
      newest.set(`${snapshot.opened.header.source}/${snapshot.opened.header.job}`, snapshot);
  }
  for (const snapshot of newest.values()) {
    const { source } = snapshot.opened.header;
    if (v.options.sources[source] === undefined) {
      v.notes.push(`${source} was not restored: the policy does not name it`);
      continue;
    }
    try {
      await restoreAndCompare(v, source, snapshot, identity);
    } catch (error) {
      const failure = failureOf(error, { code: 'RESTORE_FAILED', origin: 'agent' });
      if (failure.code === 'CANCELLED') throw error;
      v.find({ level: 'restore', object: snapshot.key, failure, snapshots: [snapshot.id] });
    }
  }
}

async function restoreAndCompare(
  v: Verification,
  source: string,
  snapshot: StoredSnapshot,
  identity: Identity,
): Promise<void> {
  const { engine, options, store, writers } = v;
  const spec = options.sources[source];
  if (spec === undefined) return;
  const folder = await mkdtemp(join(engine.stateFolder, 'scratch', 'verify-'));
  const find = (object: string, failure: Parameters<Verification['find']>[0]['failure']) =>
    v.find({ level: 'restore', object: `${source}: ${object}`, failure, snapshots: [snapshot.id] });
  try {
    const report = await restoreSource(engine, {
      targets: options.targets,
      recipients: options.recipients,
      source: spec,
      at: snapshot.opened.hash,
      into: { folder },
      select: [],
      conflict: 'error',
      parallel: options.parallel,
      dryRun: false,
      identity: async () => identity,
      signal: options.signal,
    });
    if (report.failure !== undefined) find(snapshot.key, report.failure);
    // Whoever may not give owners rightly leaves out what they would allow: nothing is wrong with the backup.
    const isExpected = (code: string) => code === 'RESTORE_RIGHTS' && report.notSet.includes('owner');
    for (const { what, failure } of report.skipped) if (!isExpected(failure.code)) find(what, failure);
    if (report.failure !== undefined) return;
    await using unlocked = await UnlockedSnapshot.open({
      store,
      writers,
      snapshot,
      listed: v.listing.snapshots,
      identity,
      registry: engine.registry,
      signal: options.signal,
    });
    v.checked.restored += await compareRestored(unlocked, { folder, notSet: report.notSet, find });
  } finally {
    await removeTree(folder);
  }
}
