import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import { reachPath } from 'holdfast/system';
import { errnoOf } from './failure.ts';
import { bytesOf, type RawPath } from './raw-path.ts';

/** Linux, see proc(5): the descriptors of this process, of all its threads, as paths. Node has no openat(2). */
const DESCRIPTORS = '/proc/self/fd';
const hasDescriptors = existsSync(DESCRIPTORS);

/** Of <asm-generic/fcntl.h>, which Node does not name. It opens something without doing anything to it. */
export const O_PATH = 0x20_0000;
// A folder may be one to enter and write in, and not to list.
const access = hasDescriptors ? O_PATH : constants.O_RDONLY;
const FLAGS = access | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Leads to what is open, whatever its path leads to by now. */
export function descriptorPath(descriptor: number): string {
  return `${DESCRIPTORS}/${descriptor}`;
}

/**
 * A folder that is held open while somebody works in it. A path through the descriptor leads into this very folder, even when
 * somebody moves it away meanwhile and puts a link in its place. Without /proc, the path is the one it was opened by.
 */
export class HeldFolder {
  readonly path: RawPath;
  readonly inode: bigint;
  readonly device: bigint;
  readonly #descriptor: number;
  #users = 1;

  private constructor(opened: RawPath, descriptor: number) {
    const { ino, dev } = fstatSync(descriptor, { bigint: true });
    this.path = hasDescriptors ? descriptorPath(descriptor) : opened;
    this.inode = ino;
    this.device = dev;
    this.#descriptor = descriptor;
  }

  /** Opens the folder for one user; undefined when there is no folder of its own there, but a link or nothing. */
  static open(path: RawPath): HeldFolder | undefined {
    try {
      using reached = reachPath(bytesOf(path));
      return new HeldFolder(path, openSync(reached.path, FLAGS));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error))) return undefined;
      throw error;
    }
  }

  take(): this {
    this.#users++;
    return this;
  }

  /** Whether that was the last user: it is closed then. */
  release(): boolean {
    if (--this.#users > 0) return false;
    closeSync(this.#descriptor);
    return true;
  }
}
