import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { weaknessBy, weaknessOf } from './trusted-path.ts';

const user = process.getuid?.() ?? 0;
let root = '';
before(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'holdfast-trust-')));
});
after(() => rm(root, { recursive: true }));

/** A folder and a file in it, with these modes. */
async function module(name: string, modes: { folder?: number; file?: number } = {}): Promise<string> {
  const folder = path.join(root, name);
  await mkdir(folder);
  await writeFile(path.join(folder, 'plugin.ts'), '');
  await chmod(path.join(folder, 'plugin.ts'), modes.file ?? 0o644);
  await chmod(folder, modes.folder ?? 0o755);
  return path.join(folder, 'plugin.ts');
}

describe('who could change a file', () => {
  test('nobody else, as files are made; the temporary folder above is everybody’s, but keeps what is one’s own', async () => {
    assert.equal(await weaknessOf(await module('sound'), user), undefined);
  });

  test('everybody, by the file or its folder', async () => {
    const file = await module('open-file', { file: 0o666 });
    assert.deepEqual(await weaknessOf(file, user), {
      path: file,
      how: 'can be written to by everybody',
      mend: `chmod go-w ${file}`,
    });
    const below = await module('open-folder', { folder: 0o777 });
    assert.equal((await weaknessOf(below, user))?.path, path.dirname(below));
    // In it, the sticky bit keeps the file, but not what it imports from being put beside it.
    const sticky = await module('sticky', { folder: 0o1777 });
    assert.equal((await weaknessOf(sticky, user))?.path, path.dirname(sticky));
  });

  test('everybody, by a folder above', async () => {
    const file = await module('above');
    await mkdir(path.join(path.dirname(file), 'deeper'));
    await writeFile(path.join(path.dirname(file), 'deeper/plugin.ts'), '');
    await chmod(path.dirname(file), 0o777);
    assert.equal((await weaknessOf(path.join(path.dirname(file), 'deeper/plugin.ts'), user))?.path, path.dirname(file));
  });

  test('everybody, by a link in an open folder, or by what a link in a safe one leads to', async () => {
    const safe = await module('safe');
    await mkdir(path.join(root, 'links'));
    await symlink(safe, path.join(root, 'links/plugin.ts'));
    assert.equal(await weaknessOf(path.join(root, 'links/plugin.ts'), user), undefined);
    // Not even the sticky bit keeps a link that somebody else made from being turned.
    for (const mode of [0o777, 0o1777]) {
      await chmod(path.join(root, 'links'), mode);
      assert.equal((await weaknessOf(path.join(root, 'links/plugin.ts'), user))?.path, path.join(root, 'links'));
    }
    const open = await module('led-to', { file: 0o666 });
    await mkdir(path.join(root, 'leads'));
    await symlink('../led-to/plugin.ts', path.join(root, 'leads/plugin.ts'));
    assert.equal((await weaknessOf(path.join(root, 'leads/plugin.ts'), user))?.path, open);
  });

  test('links that lead in a circle, and files that are not there, are errors', async () => {
    await symlink('circle', path.join(root, 'circle'));
    await assert.rejects(weaknessOf(path.join(root, 'circle'), user), /ELOOP/);
    await assert.rejects(weaknessOf(path.join(root, 'absent/plugin.ts'), user), /ENOENT/);
  });

  test('another user, and a group, unless it is the private one of the owner', () => {
    const by = (uid: number, gid: number, mode: number) => weaknessBy('/p', { uid, gid, mode }, 1000, 'folder')?.how;
    assert.equal(by(1001, 1001, 0o755), 'belongs to another user');
    assert.equal(weaknessBy('/p', { uid: 1000, gid: 1000, mode: 0o755 }, 0, 'file')?.mend, 'chown root /p');
    assert.equal(by(0, 0, 0o755), undefined);
    assert.equal(by(1000, 1000, 0o775), undefined);
    assert.equal(by(1000, 50, 0o775), 'can be written to by a group');
    assert.equal(by(0, 0, 0o775), 'can be written to by a group');
  });
});
