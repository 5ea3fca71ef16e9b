import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fail } from '../../contract/index.ts';

/*
 * The file of secrets in a state folder, `host-keys`. Everything here is synchronous: it is a few kilobytes a few times a year,
 * and a task that waited while it held the lock could be kept waiting by another of the same process.
 */

export const HOST_KEYS_FILE = 'host-keys';
const MAX_BYTES = 4 * 1024 * 1024;
const LOCK_WAIT_MS = 10_000;
const NOT_A_FILE = { reason: 'it is not a regular file', hint: 'Find out who put it there.' };

/** Its bytes; undefined when there is none. KEYS_EXPOSED, KEYS_UNAVAILABLE. The caller wipes them. */
export function readKeyFile(folder: string): Uint8Array | undefined {
  const path = join(folder, HOST_KEYS_FILE);
  const descriptor = attempt(path, () => openExisting(path));
  if (descriptor === undefined) return undefined;
  try {
    const stats = fstatSync(descriptor);
    refuseExposed(path, stats);
    refuseExposedFolder(folder);
    if (stats.size > MAX_BYTES) unavailable(path, 'it is far larger than keys are');
    return attempt(path, () => readFileSync(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes `bytes` in place of what is there, all or nothing and durably, if `expected` says yes to what is there at that moment.
 * Otherwise KEYS_CHANGED. Two processes that do this at once do it one after the other.
 */
export function replaceKeyFile(
  folder: string,
  bytes: Uint8Array,
  expected: (current: Uint8Array | undefined) => boolean,
): void {
  attempt(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  refuseExposedFolder(folder);
  locked(folder, () => {
    const current = readKeyFile(folder);
    const agreed = expected(current);
    current?.fill(0);
    if (!agreed) changed(folder);
    attempt(folder, () => put(folder, bytes, current === undefined));
  });
}

function put(folder: string, bytes: Uint8Array, first: boolean): void {
  const path = join(folder, HOST_KEYS_FILE);
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  try {
    writeFileSync(fresh, bytes, { flag: 'wx', mode: 0o600, flush: true });
    // Where locks are not to be trusted, as on some network file systems, the first keys are still never overwritten.
    if (first) linkSync(fresh, path);
    else renameSync(fresh, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') changed(folder);
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** SQLite's file lock: the one lock in Node that the system takes back from a process that died. */
function locked(folder: string, work: () => void): void {
  const path = join(folder, `${HOST_KEYS_FILE}.lock`);
  using lock = attempt(path, () => new DatabaseSync(path, { timeout: LOCK_WAIT_MS }));
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch {
    unavailable(path, 'another process keeps them locked');
  }
  work();
}

function openExisting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ELOOP') exposed(path, NOT_A_FILE);
    throw error;
  }
}

interface Exposure {
  readonly reason: string;
  readonly hint: string;
}

function refuseExposed(path: string, stats: Stats): void {
  const exposure = exposureOf(path, stats, process.geteuid?.());
  if (exposure !== undefined) exposed(path, exposure);
}

/** What keeps a file from being a secret of `user`; undefined when nothing does. */
export function exposureOf(
  path: string,
  stats: Pick<Stats, 'mode' | 'uid' | 'isFile'>,
  user: number | undefined,
): Exposure | undefined {
  if (!stats.isFile()) return NOT_A_FILE;
  if (stats.uid !== user) {
    return { reason: `it belongs to user ${stats.uid}`, hint: 'Run the agent as the user who owns it, or `chown` it.' };
  }
  if ((stats.mode & 0o077) === 0) return undefined;
  return {
    reason: `its mode is ${mode(stats)}, not 0600`,
    hint: `Run \`chmod 600 ${path}\`; if others could read it, make new keys.`,
  };
}

/** Whoever can write to the folder can put keys of their own in place of ours. */
function refuseExposedFolder(folder: string): void {
  const stats = attempt(folder, () => statSync(folder));
  if (stats.uid !== process.geteuid?.() && stats.uid !== 0) {
    exposed(folder, { reason: `it belongs to user ${stats.uid}`, hint: 'Use a state folder of your own (`--state`).' });
  }
  if ((stats.mode & 0o022) !== 0) {
    exposed(folder, { reason: `others can write to it (mode ${mode(stats)})`, hint: `Run \`chmod go-w ${folder}\`.` });
  }
}

function mode(stats: Pick<Stats, 'mode'>): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}

function exposed(path: string, { reason, hint }: Exposure): never {
  fail({
    code: 'KEYS_EXPOSED',
    message: `${path} does not keep the keys of this host to its user: ${reason}.`,
    origin: 'key',
    permanent: true,
    hint,
  });
}

function changed(folder: string): never {
  fail({
    code: 'KEYS_CHANGED',
    message: `Another process has stored keys in ${folder} in the meantime; nothing was overwritten.`,
    origin: 'key',
    permanent: false,
    hint: 'Try again: it starts from what the other one stored.',
  });
}

/** The failure of a system call, named for what it was done to. */
function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = codeOf(error);
    return code === undefined ? rethrow(error) : unavailable(path, code);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function rethrow(error: unknown): never {
  throw error;
}

function unavailable(path: string, reason: string): never {
  fail({
    code: 'KEYS_UNAVAILABLE',
    message: `The keys of this host in ${path} cannot be read or stored: ${reason}.`,
    origin: 'key',
    permanent: false,
    hint: 'Check the state folder, its owner, and the space left on its file system.',
  });
}
