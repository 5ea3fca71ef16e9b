import { randomBytes } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes a file that only its owner can read, whole or not at all, durable when it resolves. A file that is there already
 * stays as it is, and the call rejects with EEXIST: what such files hold cannot be made a second time.
 */
export async function createPrivateFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await using handle = await open(temporary, 'wx', 0o600);
    await handle.writeFile(content);
    await handle.sync();
    await link(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  await using folder = await open(path.dirname(file), 'r');
  await folder.sync();
}
