import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { SystemCallError } from './system-call-error.ts';

/** What a system call takes, with the NUL at its end; <linux/limits.h>. */
export const PATH_MAX = 4096;
/** Linux, see proc(5): the descriptors of this process, of all its threads, as paths. Node has no openat(2). */
const DESCRIPTORS = '/proc/self/fd';
const hasDescriptors = existsSync(DESCRIPTORS);
// O_PATH of <asm-generic/fcntl.h>, which Node does not name: a folder may be one to enter, and not to list.
const ENTER = 0x20_0000 | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const SLASH = 0x2f;

/** A path that system calls of this process take, for as long as it is not disposed of. */
export interface ReachedPath extends Disposable {
  readonly path: Buffer;
}

/**
 * Makes a path of any length one that a system call takes: where it is too long, by opening the folders on the way, each below the
 * one before. Fails with what `open` fails with; below a name that is too long by itself, with ENAMETOOLONG.
 */
export function reachPath(path: Uint8Array): ReachedPath {
  let rest = Buffer.from(path.buffer, path.byteOffset, path.byteLength);
  if (rest.length < PATH_MAX) return { path: rest, [Symbol.dispose]() {} };
  let held: number | undefined;
  try {
    while (rest.length >= PATH_MAX) {
      const end = rest.lastIndexOf(SLASH, PATH_MAX - 1);
      if (end <= 0 || !hasDescriptors) throw new SystemCallError('open', 'ENAMETOOLONG');
      const next = openSync(rest.subarray(0, end), ENTER);
      if (held !== undefined) closeSync(held);
      held = next;
      rest = Buffer.concat([Buffer.from(`${DESCRIPTORS}/${held}`), rest.subarray(end)]);
    }
  } catch (error) {
    if (held !== undefined) closeSync(held);
    throw error;
  }
  const descriptor = held as number;
  return { path: rest, [Symbol.dispose]: () => closeSync(descriptor) };
}
