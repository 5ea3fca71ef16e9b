import { fchmodSync, fchownSync } from 'node:fs';
import { setTimes } from './file-times.ts';
import { lostWithOwner, type Refused, type Rights, setMode, setOwner, withoutRights } from './inode-rights.ts';
import { setXattrs } from './xattr-setting.ts';

/** What a new file is given. Times are nanoseconds since 1970; owner and group are given together or not at all. */
export interface FileToDress extends Rights {
  readonly mtimeNs?: bigint;
  readonly uid?: number;
  readonly gid?: number;
  /** Where the owner or the mode cannot be set, the file is left without it; otherwise that is thrown. */
  readonly ownerless?: true;
}

/**
 * Gives an open file its attributes, and returns those that it could not be given. The owner first: changing it drops set-user-id bits
 * and capabilities. Then attributes, while the mode still lets this user write: an ACL sets the mode that it means, which is the stored
 * one. Times last, because the others change them.
 */
export function dressFile(fd: number, { uid, gid, mtimeNs, ownerless, ...rights }: FileToDress): Refused[] {
  const owner = uid === undefined || gid === undefined ? undefined : { uid, gid };
  const code = owner && (ownerless ? setOwner(fd, owner) : fchownSync(fd, owner.uid, owner.gid));
  const refused = code === undefined ? [] : lostWithOwner(rights, code);
  const { mode, xattrs } = code === undefined ? rights : withoutRights(rights);
  if (xattrs !== undefined)
    refused.push(...setXattrs(fd, xattrs).map(({ xattr, code }) => ({ what: { xattr }, code })));
  if (!ownerless) fchmodSync(fd, mode);
  else refused.push(...setMode(fd, mode));
  if (mtimeNs !== undefined) setTimes(fd, mtimeNs);
  return refused;
}
