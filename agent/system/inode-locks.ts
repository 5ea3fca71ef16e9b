import { LOCKING_FLAGS } from './inode-flags.ts';
import { type Inode, Libc } from './libc.ts';

/**
 * The flags, of those in LOCKING_FLAGS, that keep a regular file or folder from being changed; 0 where there are none, where they
 * cannot be read, and without `node:ffi`.
 */
export function locksOf(inode: Inode): number {
  try {
    return withDescriptor(inode, (libc, descriptor) => (libc.inodeFlags(descriptor) ?? 0) & LOCKING_FLAGS) ?? 0;
  } catch {
    return 0; // whoever asks has been refused something, and says so
  }
}

/** Takes these flags off a regular file or folder, and returns those that it had. Fails with a `SystemCallError`; EPERM: only root may. */
export function unlockInode(inode: Inode): number {
  const had = withDescriptor(inode, (libc, descriptor) => {
    const flags = libc.inodeFlags(descriptor) ?? 0;
    if ((flags & LOCKING_FLAGS) !== 0) libc.setInodeFlags(descriptor, flags & ~LOCKING_FLAGS);
    return flags & LOCKING_FLAGS;
  });
  return had ?? 0;
}

/** Sets flags that `unlockInode` took off, beside those that are there. */
export function lockInode(inode: Inode, locks: number): void {
  withDescriptor(inode, (libc, descriptor) => {
    libc.setInodeFlags(descriptor, (libc.inodeFlags(descriptor) ?? 0) | (locks & LOCKING_FLAGS));
  });
}

function withDescriptor<T>(inode: Inode, act: (libc: Libc, descriptor: number) => T): T | undefined {
  const libc = Libc.open();
  if (libc === undefined) return undefined;
  if (typeof inode === 'number') return act(libc, inode);
  const descriptor = libc.open(inode);
  try {
    return act(libc, descriptor);
  } finally {
    libc.close(descriptor);
  }
}
