import type { PluginSpec, SourceSpec } from '../config/policy.ts';
import type { Engine } from '../engine/opening.ts';
import { noSpan, type TestRepository } from '../engine/repository.fixture.ts';
import { chooseSnapshot, listSnapshots, type StoredSnapshot } from '../repository/snapshots.ts';
import type { Writers } from '../repository/writers.ts';
import { type RepairOptions, repairRepository } from './repair.ts';
import type { RepairReport } from './repair-report.ts';
import type { RestoreOptions, RestoreReport } from './restore.ts';
import { restoreSource } from './restore.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { UnlockedDomains } from './unlocked-domains.ts';
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

/** The domains of all snapshots, as a reader with the recovery key opens them. */
export async function withDomains<T>(
  r: TestRepository,
  use: (domains: UnlockedDomains, snapshots: readonly StoredSnapshot[], writers: Writers) => Promise<T>,
): Promise<T> {
  await using store = await r.openStore();
  const writers = await r.writers(store);
  const { snapshots } = await listSnapshots(store, writers);
  const { registry } = r.engine;
  const signal = new AbortController().signal;
  const unlock = { store, writers, listed: snapshots, identity: await r.identity(), registry, workers: 1, signal };
  await using domains = new UnlockedDomains(unlock);
  return await use(domains, snapshots, writers);
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

/** Of one job, `job`, that has all its targets. */
export function repair(
  r: TestRepository,
  over: Partial<RepairOptions> = {},
  engine: Engine = r.engine,
): Promise<RepairReport> {
  return repairRepository(engine, {
    targets: r.targets,
    recipients: r.recipients,
    jobs: new Map([['job', new Set(r.targets.map(({ name }) => name))]]),
    setAsidePacks: false,
    setAsideSessions: false,
    dryRun: false,
    span: noSpan,
    signal: new AbortController().signal,
    confirm: async () => true,
    ...over,
  });
}
