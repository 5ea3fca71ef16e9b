import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ExtrasAccess, InodeToRead, ReadExtras } from './inode-extras.ts';
import { INODE_FLAGS } from './inode-flags.ts';
import { Libc } from './libc.ts';
import { LibcExtras } from './libc-extras.ts';
import { ToolExtras } from './tool-extras.ts';

const asRoot = process.getuid?.() === 0;
const libc = Libc.open();
const ways: readonly (() => ExtrasAccess)[] = [
  () => new ToolExtras(),
  ...(libc === undefined ? [] : [() => new LibcExtras(libc)]),
];
const wanted = { xattrs: true, flags: true };

// Names as the system may have them: hostile to lines, to UTF-8, to options and to dumps.
const names = ['plain', '-rf', '#hash', 'a=b', 'back\\slash', 'new\nline', ' ', "quote'", '\xff\xfe', 'é'].map((name) =>
  Buffer.from(name, 'latin1'),
);
const values: Readonly<Record<string, Uint8Array>> = {
  'user.empty': new Uint8Array(0),
  'user.bytes': Uint8Array.from({ length: 256 }, (_, n) => n),
  'user.großer Name = \\ \n': Buffer.from('x'),
  'user.__proto__': Buffer.from('y'),
  ...(asRoot ? { 'trusted.own': Buffer.from('t'), 'security.own': Buffer.from('s') } : {}),
};

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-system-'));
  return {
    path,
    async [Symbol.asyncDispose]() {
      spawnSync('chattr', ['-R', '-f', '-ia', path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

const inode = (folder: string, name: Uint8Array, holder = true): InodeToRead => ({
  path: Buffer.concat([Buffer.from(`${folder}/`), name]),
  holder,
});

const plainly = (found: ReadExtras | undefined) =>
  found && {
    ...found,
    xattrs: Object.fromEntries(
      Object.entries(found.xattrs ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('hex')]),
    ),
  };

for (const open of ways) {
  describe(`extended attributes and flags by ${open().by}`, () => {
    it('reads what was set, on whatever is called whatever', async () => {
      await using folder = await temporaryFolder();
      for (const name of names) await writeFile(inode(folder.path, name).path as Buffer, '');
      const own = Buffer.from(folder.path);
      const set = await open().set(names.map((name) => ({ folder: own, name, xattrs: values })));
      assert.deepEqual(
        set,
        names.map(() => []),
      );
      const read = await open().read(
        names.map((name) => inode(folder.path, name)),
        wanted,
      );
      const hex = Object.fromEntries(
        Object.entries(values).map(([n, value]) => [n, Buffer.from(value).toString('hex')]),
      );
      assert.deepEqual(
        read.map(plainly),
        names.map(() => ({ troubles: [], xattrs: hex })),
      );
      // Found by the tools as well, whoever set them.
      const dumped = execFileSync('getfattr', ['-d', '-m', '-', '-e', 'hex', '--', 'plain'], { cwd: folder.path });
      assert.match(String(dumped), /user\.bytes=0x000102/);
      assert.equal(String(dumped).match(/^[a-z]+\./gm)?.length, Object.keys(values).length);
    });

    it('says nothing of what has nothing', async () => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, 'plain'), '');
      await symlink('nowhere', join(folder.path, 'link'));
      await mkdir(join(folder.path, 'folder'));
      const asked = ['plain', 'link', 'folder'].map((name) => inode(folder.path, Buffer.from(name), name !== 'link'));
      assert.deepEqual(await open().read(asked, wanted), [undefined, undefined, undefined]);
    });

    it('follows no link', { skip: !asRoot && 'only root gives links attributes' }, async () => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, 'target'), '');
      await symlink('target', join(folder.path, 'link'));
      const xattrs = { 'trusted.of the link': Buffer.from('1') };
      assert.deepEqual(await open().set([{ folder: Buffer.from(folder.path), name: Buffer.from('link'), xattrs }]), [
        [],
      ]);
      const asked = ['link', 'target'].map((name) => inode(folder.path, Buffer.from(name), name === 'target'));
      const [link, target] = await open().read(asked, wanted);
      assert.deepEqual(plainly(link)?.xattrs, { 'trusted.of the link': '31' });
      assert.equal(target, undefined);
    });

    it('names what could not be read or set, and goes on with the rest', async () => {
      await using folder = await temporaryFolder();
      const own = Buffer.from(folder.path);
      for (const name of ['a', 'b', 'c']) await writeFile(join(folder.path, name), '');
      const xattrs = { 'user.x': Buffer.from('1') };
      const nonsense = { 'user.x': Buffer.from('1'), 'nonsense.x': Buffer.from('1') };
      const set = await open().set([
        { folder: own, name: Buffer.from('a'), xattrs: nonsense },
        { folder: own, name: Buffer.from('gone'), xattrs },
        { folder: own, name: Buffer.from('c'), xattrs },
      ]);
      assert.deepEqual(set, [
        [{ what: { xattr: 'nonsense.x' }, code: 'ENOTSUP' }],
        [{ what: { xattr: 'user.x' }, code: 'ENOENT' }],
        [],
      ]);
      const asked = ['a', 'gone', 'b', 'c'].map((name) => inode(folder.path, Buffer.from(name)));
      const [a, gone, b, c] = await open().read(asked, { xattrs: true, flags: false });
      assert.deepEqual(plainly(a), { troubles: [], xattrs: { 'user.x': '31' } });
      assert.deepEqual(gone, { troubles: [{ what: 'xattrs', code: 'ENOENT' }] });
      assert.equal(b, undefined);
      assert.deepEqual(plainly(c), { troubles: [], xattrs: { 'user.x': '31' } });
    });

    it('reads and sets flags', { skip: !asRoot && 'only root sets these' }, async () => {
      await using folder = await temporaryFolder();
      const own = Buffer.from(folder.path);
      await mkdir(join(folder.path, 'folder'));
      for (const name of names) await writeFile(inode(folder.path, name).path as Buffer, '');
      const { a, i, d, A } = INODE_FLAGS;
      const flags = new Map(names.map((name, n) => [name, [a, i, d | A, i | a | d][n % 4] ?? 0]));
      const set = [...flags].map(([name, flags]) => ({ folder: own, name, flags }));
      assert.deepEqual(await open().set([...set, { folder: own, name: Buffer.from('folder'), flags: d }]), [
        ...names.map(() => []),
        [],
      ]);
      const asked = [...names, Buffer.from('folder')].map((name) => inode(folder.path, name));
      const read = await open().read(asked, wanted);
      assert.deepEqual(
        read.map((found) => found?.flags),
        [...flags.values(), d],
      );
      assert.match(String(execFileSync('lsattr', ['-d', join(folder.path, 'back\\slash')])), /^-----a/);
    });
  });
}

it('says once which tool is missing', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    const extras = new ToolExtras();
    const asked = [{ path: Buffer.from('/tmp'), holder: true }];
    assert.deepEqual(await extras.read(asked, wanted), [undefined]);
    assert.deepEqual([...extras.missing.keys()], ['xattrs', 'flags']);
    assert.match(extras.missing.get('xattrs') ?? '', /there is no xargs/);
  } finally {
    process.env['PATH'] = path;
  }
});
