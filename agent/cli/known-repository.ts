import { existsSync } from 'node:fs';
import path from 'node:path';
import { CATALOG_FILE } from '../catalog/catalog.ts';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { knownPlace } from '../engine/known-places.ts';
import type { Engine } from '../engine/opening.ts';
import { openReading, type ReadingSpec, type RepositoryReading } from '../engine/repository-reading.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { HOST_KEYS_FILE } from '../repository/keys/key-file.ts';
import type { SnapshotListing } from '../repository/snapshots.ts';
import { type StoredLast, vanishedSnapshots } from '../repository/stored-last.ts';
import { noSpan } from './open-repository.ts';

/**
 * A host that writes to a repository already must find it on one target at least, and on each where it has seen it before: a disk that
 * is not mounted leaves an empty folder, and what is made in there would take the backups of all nights to come.
 */
export async function requireRepository(
  engine: Engine,
  reading: ReadingSpec,
  { repository }: HostKeys,
  signal: AbortSignal,
): Promise<void> {
  for (const { target, failure } of await unavailableOf(engine, reading, repository, signal)) {
    const spec = reading.targets.find(({ name }) => name === target);
    const known = spec && knownPlace(engine, spec, repository);
    if (known === undefined || !isEmptied(failure)) continue;
    fail({
      ...failure,
      message: `${failure.message}; this host has seen repository ${repository.slice(0, 8)} there before`,
      hint: `mount it first. If that copy is lost for good, remove ${known}, and \`holdfast init\` begins a new copy there`,
    });
  }
}

/** The targets that cannot be had, as long as one can. */
async function unavailableOf(engine: Engine, reading: ReadingSpec, repository: string, signal: AbortSignal) {
  try {
    await using found = await openReading(reading, { engine, span: noSpan, signal });
    return found.unavailable;
  } catch (error) {
    const failure = failureOf(error, { code: 'TARGET_UNAVAILABLE', origin: 'target' });
    if (!isEmptied(failure)) throw error;
    const keys = path.join(engine.stateFolder, HOST_KEYS_FILE);
    return fail({
      ...failure,
      message: `${failure.message}; this host was set up for repository ${repository.slice(0, 8)}`,
      hint: `mount it first. If that repository is lost for good, move ${keys} away to begin a new one with \`holdfast init\``,
    });
  }
}

/** Whether it is what a mount leaves that is away. */
function isEmptied({ code }: Failure): boolean {
  return code === 'TARGET_MISSING' || code === 'NOT_A_REPOSITORY';
}

/** What this host stored last of each job; nothing where it never ran. */
export function storedLast(engine: Engine): readonly StoredLast[] {
  if (!existsSync(path.join(engine.stateFolder, CATALOG_FILE))) return [];
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
  const stored = unavailable.length > 0 || target !== undefined ? [] : storedLast(engine);
  const vanished = vanishedSnapshots(stored, host?.writer, listing);
  return {
    ...listing,
    damaged: [...listing.damaged, ...vanished.map(({ object: key, failure }) => ({ key, failure }))],
  };
}
