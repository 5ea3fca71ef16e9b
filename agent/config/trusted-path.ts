import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';

/** A path that somebody else could change, and how. */
export interface Weakness {
  readonly path: string;
  /** Goes on from the path: `belongs to another user`. */
  readonly how: string;
  /** The command that mends it. */
  readonly mend: string;
}

type Permissions = Pick<Stats, 'uid' | 'gid' | 'mode'>;
type Role = 'file' | 'folder' | 'above';

const MOST_LINKS = 40;

/**
 * How anybody but root and `user` could put other content under `file` (absolute): by the file, by a folder that it lies in,
 * or by a link on the way. Throws what the file system throws. What the file imports is not looked at.
 */
export async function weaknessOf(file: string, user: number): Promise<Weakness | undefined> {
  let found: Weakness | undefined;
  const seen: { path: string; info: Permissions }[] = [];
  let links = 0;
  let at = '/';
  let rest = partsOf(file);
  seen.push({ path: at, info: await lstat(at) });
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = path.join(at, name);
    const info = await lstat(next);
    if (!info.isSymbolicLink()) {
      at = next;
      seen.push({ path: at, info });
      continue;
    }
    if (++links > MOST_LINKS) throw Object.assign(new Error(`ELOOP: too many links, ${file}`), { code: 'ELOOP' });
    const target = await readlink(next);
    // Whoever may write to the folder of a link may turn it elsewhere.
    found ??= weaknessBy(at, await lstat(at), user, 'folder');
    if (path.isAbsolute(target)) at = '/';
    rest = [...partsOf(target), ...rest];
  }
  const last = seen.length - 1;
  const roleOf = (index: number): Role => (index === last ? 'file' : index === last - 1 ? 'folder' : 'above');
  for (const [index, one] of seen.entries()) found ??= weaknessBy(one.path, one.info, user, roleOf(index));
  return found;
}

/** The same, of one file or folder by its permissions. Above the folder, the sticky bit keeps others from replacing it. */
export function weaknessBy(at: string, info: Permissions, user: number, role: Role): Weakness | undefined {
  const { uid, gid, mode } = info;
  if (uid !== 0 && uid !== user) {
    return { path: at, how: 'belongs to another user', mend: `chown ${user === 0 ? 'root' : user} ${at}` };
  }
  if (role === 'above' && (mode & 0o1000) !== 0) return undefined;
  if ((mode & 0o002) !== 0) return { path: at, how: 'can be written to by everybody', mend: `chmod go-w ${at}` };
  // Many systems give each user a group of the same number, and a umask that lets it write.
  const privately = gid === uid && uid !== 0;
  if ((mode & 0o020) === 0 || privately) return undefined;
  return { path: at, how: 'can be written to by a group', mend: `chmod g-w ${at}` };
}

function partsOf(file: string): string[] {
  return file.split('/').filter((part) => part !== '' && part !== '.');
}
