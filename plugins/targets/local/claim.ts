import { createHash } from 'node:crypto';
import { link as hardLink, lstat, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fail } from 'holdfast/plugin';
import { errnoOf } from './system-error.ts';
import { removeQuietly } from './temporary-files.ts';

const TRIES = 40;
const PAUSE_MS = 25;
const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** What gives a complete file its final name; for tests of file systems that have no hard links. */
export type Link = (existing: string, path: string) => Promise<void>;

/**
 * Gives the complete file `temporary` the name `path`, unless that name is taken, and says whether it did. The temporary
 * name is gone afterwards, whatever happens.
 *
 * link(2) does both at once. FAT and some FUSE and SMB mounts have no links, and Node offers no renameat2 with
 * RENAME_NOREPLACE; there, a lock file made with O_EXCL keeps others from the name while it is looked for and renamed to.
 * A reader sees nothing or the whole object in either case.
 */
export async function claim(
  temporary: string,
  path: string,
  signal: AbortSignal,
  link: Link = hardLink,
): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST') return false;
    if (!isWithoutLinks(thrown)) throw thrown;
    return await renameUnderLock(temporary, path, dirname(temporary), signal);
  } finally {
    await removeQuietly(temporary);
  }
}

/**
 * The same for a file that has a name already, which it loses: whoever is interrupted between the two leaves it with both. `synced`
 * makes the new name durable before the old one goes. `locks`: a folder for lock files.
 */
export async function rechristen(
  from: string,
  path: string,
  o: {
    readonly locks: string;
    readonly signal: AbortSignal;
    readonly link: Link | undefined;
    synced(): Promise<void>;
  },
): Promise<boolean> {
  const link = o.link ?? hardLink;
  try {
    await link(from, path);
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST') return false;
    if (!isWithoutLinks(thrown)) throw thrown;
    if (!(await renameUnderLock(from, path, o.locks, o.signal))) return false;
    await o.synced();
    return true;
  }
  await o.synced();
  await unlink(from);
  return true;
}

function isWithoutLinks(thrown: unknown): boolean {
  return withoutLinks.has(errnoOf(thrown) ?? '');
}

async function renameUnderLock(from: string, path: string, locks: string, signal: AbortSignal): Promise<boolean> {
  const lock = join(locks, `~lock-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`);
  await takeLock(lock, signal);
  try {
    if (await isTaken(path)) return false;
    await rename(from, path);
    return true;
  } finally {
    await removeQuietly(lock);
  }
}

/**
 * A lock is held for two system calls. It is never taken away from another: one that a process left by dying between them is
 * swept a day later like any temporary file.
 */
async function takeLock(lock: string, signal: AbortSignal): Promise<void> {
  for (let tried = 0; tried < TRIES; tried++) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (thrown) {
      if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    }
    await after(PAUSE_MS, undefined, { signal });
  }
  fail({
    code: 'TARGET_UNAVAILABLE',
    message: `another process has held ${lock} for long`,
    origin: 'target',
    permanent: false,
    hint: 'If no backup is running, remove it; otherwise it is removed a day after it was made.',
  });
}

async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}
