import { existsSync } from 'node:fs';
import path from 'node:path';
import { CATALOG_FILE } from '../catalog/catalog.ts';
import { fail, failureOf } from '../contract/index.ts';
import type { Engine } from '../engine/opening.ts';
import { openReading, type ReadingSpec, type RepositoryReading } from '../engine/repository-reading.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { HOST_KEYS_FILE } from '../repository/keys/key-file.ts';
import type { SnapshotListing } from '../repository/snapshots.ts';
import { type StoredLast, vanishedSnapshots } from '../repository/stored-last.ts';
import { noSpan } from './open-repository.ts';

/**
 * A host that writes to a repository already must find it on one target at least: a disk that is not mounted leaves an empty folder,
 * and a second repository made in there would take the backups of all nights to come.
 */
export async function requireRepository(
  engine: Engine,
  reading: ReadingSpec,
  { repository }: HostKeys,
  signal: AbortSignal,
): Promise<void> {
  try {
    await using _ = await openReading(reading, { engine, span: noSpan, signal });
  } catch (error) {
    const failure = failureOf(error, { code: 'TARGET_UNAVAILABLE', origin: 'target' });
    if (!['TARGET_MISSING', 'NOT_A_REPOSITORY'].includes(failure.code)) throw error;
    const keys = path.join(engine.stateFolder, HOST_KEYS_FILE);
    fail({
      ...failure,
      message: `${failure.message}; this host was set up for repository ${repository.slice(0, 8)}`,
      hint: `is it mounted? If that repository is lost for good, move ${keys} away to begin a new one with \`holdfast init\``,
    });
  }
}

/** What this host stored last of each job; nothing where it never ran, and where not all targets are looked at. */
export function storedLast(engine: Engine, target: string | undefined): readonly StoredLast[] {
  if (target !== undefined || !existsSync(path.join(engine.stateFolder, CATALOG_FILE))) return [];
  try {
    return engine.catalog.runs.lastStored();
  } catch (error) {
    // Whoever restores must not be kept from it by what only helps to see more.
    const { message } = failureOf(error, { code: 'CATALOG_UNUSABLE', origin: 'agent' });
    engine.log.warn(`what this host stored last is not known: ${message}`);
    return [];
  }
}

/** A listing in which also counts as damaged what this host stored last and is there no more: else another would be the latest. */
export function withVanished(
  listing: SnapshotListing,
  { engine, target, repository }: { engine: Engine; target: string | undefined; repository: RepositoryReading },
): SnapshotListing {
  const { unavailable, host } = repository;
  const stored = unavailable.length > 0 ? [] : storedLast(engine, target);
  const vanished = vanishedSnapshots(stored, host?.writer, listing);
  return {
    ...listing,
    damaged: [...listing.damaged, ...vanished.map(({ object: key, failure }) => ({ key, failure }))],
  };
}
