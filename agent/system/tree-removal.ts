import { chmodSync, closeSync, constants, fchmodSync, openSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { LOCKING_FLAGS } from './inode-flags.ts';
import { Libc } from './libc.ts';
import { errnoOf } from './system-call-error.ts';
import { runTool } from './tool.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Removes a folder that this program filled, with what it may have restored into it: files that nobody may change, folders that
 * their owner may not write to, paths that are too long for a system call. Nothing that is not there is missed. No link is followed.
 */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    await removeStubborn(folder);
  }
}

async function removeStubborn(folder: string): Promise<void> {
  const libc = Libc.open();
  if (libc === undefined) await runTool('chattr', ['-R', '-f', '-ia', folder], { input: Buffer.alloc(0) });
  const names: Buffer[] = [];
  let here = openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    // One folder is open at a time, however deep the tree.
    for (;;) {
      unlock(libc, here);
      const below = removeFiles(libc, here);
      if (below !== undefined) {
        const next = openFolder(child(here, below));
        closeSync(here);
        here = next;
        names.push(below);
        continue;
      }
      const name = names.pop();
      if (name === undefined) break;
      const above = openSync(`/proc/self/fd/${here}/..`, O_RDONLY | O_DIRECTORY);
      closeSync(here);
      here = above;
      rmdirSync(child(here, name));
    }
  } finally {
    closeSync(here);
  }
  rmdirSync(folder);
}

/** Removes what is no folder; returns the name of a folder that is left, if any. */
function removeFiles(libc: Libc | undefined, folder: number): Buffer | undefined {
  let left: Buffer | undefined;
  for (const entry of readdirSync(`/proc/self/fd/${folder}`, { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) {
      left ??= entry.name;
      continue;
    }
    const path = child(folder, entry.name);
    try {
      unlinkSync(path);
    } catch (error) {
      if (errnoOf(error) !== 'EPERM' || !entry.isFile()) throw error;
      const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      unlock(libc, file);
      closeSync(file);
      unlinkSync(path);
    }
  }
  return left;
}

/** Opens it, also when its owner may not list it: it becomes one that may. */
function openFolder(path: Buffer): number {
  const listing = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  try {
    return openSync(path, listing);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    chmodSync(path, 0o700);
    return openSync(path, listing);
  }
}

function unlock(libc: Libc | undefined, descriptor: number): void {
  const flags = libc?.inodeFlags(descriptor) ?? 0;
  if ((flags & LOCKING_FLAGS) !== 0) libc?.setInodeFlags(descriptor, flags & ~LOCKING_FLAGS);
  fchmodSync(descriptor, 0o700);
}

function child(folder: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
}
