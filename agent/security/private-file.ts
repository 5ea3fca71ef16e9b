import { randomBytes } from 'node:crypto';
import { link, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Makes a file that only its owner can read, whole or not at all, durable when it resolves. A file that is there already
 * stays as it is, and the call rejects with EEXIST: what such files hold cannot be made a second time.
 */
export function createPrivateFile(file: string, content: string): Promise<void> {
  return createWholeFile(file, content, 0o600);
}

/** The same of a file with another mode, which the umask narrows. */
export async function createWholeFile(file: string, content: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await using handle = await open(temporary, 'wx', mode);
    await handle.writeFile(content);
    await handle.sync();
    await publish(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  await using folder = await open(path.dirname(file), 'r');
  await folder.sync();
}

/** Removes what was left beside `file` by processes that were killed while they made it: it may hold secrets. */
export async function removeUnfinished(file: string): Promise<void> {
  const { dir, base } = path.parse(file);
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const left = names.filter(
    (name) => name.startsWith(`${base}.`) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(base.length + 1)),
  );
  for (const name of left) await rm(path.join(dir, name), { force: true });
}

/** link(2) refuses a name that is taken. FAT, and some network and FUSE mounts, have no links and are looked at before. */
async function publish(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (error) {
    if (!WITHOUT_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const taken = await lstat(file).then(
      () => true,
      () => false,
    );
    if (taken) throw Object.assign(new Error(`${file} is there already`), { code: 'EEXIST' });
    await rename(temporary, file);
  }
}
