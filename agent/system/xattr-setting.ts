import { type Inode, Libc } from './libc.ts';
import { errnoOf } from './system-call-error.ts';
import { type RawName, rawName, textName } from './xattr-name.ts';

/** An attribute that was not set, and the name of the errno. */
export interface UnsetXattr {
  readonly xattr: string;
  readonly code: string;
}

type Xattrs = Readonly<Record<string, Uint8Array>>;

/**
 * Gives an open file or folder these attributes and no others, but for the labels of security modules, and returns those that could
 * not be set. What a new file has unasked is an ACL, from the folder it was made in: it would let in whom nobody meant. Without `node:ffi` none can (ENOSYS): what
 * stands in for it works on paths.
 */
export function setXattrs(descriptor: number, xattrs: Xattrs): UnsetXattr[] {
  const libc = Libc.open();
  if (libc !== undefined) return setXattrsBy(libc, descriptor, xattrs);
  return Object.keys(xattrs).map((xattr) => ({ xattr, code: 'ENOSYS' }));
}

/** The same of any inode. What has the value wanted already counts as set. */
export function setXattrsBy(libc: Libc, inode: Inode, xattrs: Xattrs): UnsetXattr[] {
  const unset = removeOthers(libc, inode, xattrs);
  for (const [xattr, value] of Object.entries(xattrs)) {
    try {
      libc.setXattr(inode, rawName(xattr), value);
    } catch (error) {
      if (!has(libc, inode, xattr, value)) unset.push({ xattr, code: errnoOf(error) });
    }
  }
  return unset;
}

function removeOthers(libc: Libc, inode: Inode, xattrs: Xattrs): UnsetXattr[] {
  const unset: UnsetXattr[] = [];
  for (const raw of namesOf(libc, inode)) {
    const xattr = textName(raw) ?? raw;
    if (Object.hasOwn(xattrs, xattr) || isLabel(xattr)) continue;
    try {
      libc.removeXattr(inode, raw);
    } catch (error) {
      unset.push({ xattr, code: errnoOf(error) });
    }
  }
  return unset;
}

/** None where there can be none. Where they cannot be listed for another reason, setting them says so. */
function namesOf(libc: Libc, inode: Inode): RawName[] {
  try {
    return libc.xattrNames(inode);
  } catch {
    return [];
  }
}

function isLabel(name: string): boolean {
  return name.startsWith('security.') && name !== 'security.capability';
}

/** What a security module gives every new file by itself may be what is wanted, and nothing that this process may set. */
function has(libc: Libc, inode: Inode, xattr: string, value: Uint8Array): boolean {
  try {
    const there = libc.xattr(inode, rawName(xattr));
    return there !== undefined && Buffer.compare(there, value) === 0;
  } catch {
    return false; // then it could not be set, which is what is said
  }
}
