import type { PluginSpec, SourceSpec } from '../config/policy.ts';
import type { TestRepository } from '../engine/repository.fixture.ts';
import { chooseSnapshot, listSnapshots } from '../repository/snapshots.ts';
import type { RestoreOptions, RestoreReport } from './restore.ts';
import { restoreSource } from './restore.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { UnlockedSnapshot } from './unlocked-snapshot.ts';
import type { Level, VerifyOptions, VerifyReport } from './verification.ts';
import { verifyRepository } from './verify.ts';

/** Reads a snapshot of the source as a reader with the recovery key would. */
export async function withSnapshot<T>(
  r: TestRepository,
  use: (reader: SnapshotReader, unlocked: UnlockedSnapshot) => Promise<T>,
  o: { source?: string; at?: string; targets?: readonly PluginSpec[] } = {},
): Promise<T> {
  await using store = await r.openStore(o.targets);
  const writers = await r.writers(store);
  const listing = await listSnapshots(store, writers);
  const snapshot = chooseSnapshot(listing, writers, o.source ?? 'memory', o.at ?? 'latest');
  await using unlocked = await UnlockedSnapshot.open({
    store,
    writers,
    snapshot,
    listed: listing.snapshots,
    identity: await r.identity(),
    registry: r.engine.registry,
    workers: 1,
    signal: new AbortController().signal,
  });
  return await use(new SnapshotReader(unlocked), unlocked);
}

export function restore(
  r: TestRepository,
  source: SourceSpec,
  folder: string,
  over: Partial<RestoreOptions> = {},
): Promise<RestoreReport> {
  return restoreSource(r.engine, {
    targets: r.targets,
    recipients: r.recipients,
    source,
    at: 'latest',
    into: { folder },
    select: [],
    conflict: 'error',
    parallel: 4,
    dryRun: false,
    identity: () => r.identity(),
    signal: new AbortController().signal,
    ...over,
  });
}

export function verify(r: TestRepository, level: Level, over: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  return verifyRepository(r.engine, {
    targets: r.targets,
    recipients: r.recipients,
    sources: {},
    level,
    parallel: 4,
    identity: () => r.identity(),
    signal: new AbortController().signal,
    ...over,
  });
}
