import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Stamp, TreeEntry } from 'holdfast/plugin';
import { temporaryFolder } from './sample.ts';
import { Tree } from './tree.ts';
import { Walk } from './walk.ts';

async function entriesOf(base: string): Promise<Map<string, TreeEntry>> {
  const walk = new Walk({
    selection: { base, branch: 'all' },
    exclude: [],
    excludeFiles: [],
    excludeCaches: false,
    oneFileSystem: false,
    parallel: 2,
    signal: new AbortController().signal,
    skip: (what, failure) => assert.fail(`${what}: ${failure.message}`),
  });
  const tree = new Tree();
  const entries = new Map<string, TreeEntry>();
  for await (const found of walk) entries.set(found.path, tree.entry(found));
  return entries;
}

describe('Tree', () => {
  it('gives the content to the first name of a file, and the others as hard links, across folders', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['a', 'b', 'c']) await fs.mkdir(join(folder.path, name));
    await fs.writeFile(join(folder.path, 'c/made first'), 'x');
    await fs.link(join(folder.path, 'c/made first'), join(folder.path, 'b/2'));
    await fs.link(join(folder.path, 'c/made first'), join(folder.path, 'a/3'));
    await fs.symlink('x', join(folder.path, 'b/link'));
    await fs.link(join(folder.path, 'b/link'), join(folder.path, 'c/link'));
    const entries = await entriesOf(folder.path);
    assert.equal(entries.get('a/3')?.kind, 'file');
    for (const [name, first] of [
      ['b/2', 'a/3'],
      ['c/made first', 'a/3'],
      ['c/link', 'b/link'],
    ] as const) {
      const entry = entries.get(name);
      assert.equal(entry?.kind === 'hardlink' && Buffer.from(entry.target).toString(), first);
    }
  });

  it('does not take a new file for another name of one that is gone and had its inode number', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'file');
    await fs.writeFile(path, 'x');
    await fs.link(path, join(folder.path, 'other name'));
    const stats = await fs.lstat(path, { bigint: true });
    const tree = new Tree();
    assert.equal(tree.entry({ path: 'a', absolute: path, stats }).kind, 'file');
    const reborn = Object.assign(Object.create(stats), { birthtimeNs: stats.birthtimeNs + 1n });
    assert.equal(tree.entry({ path: 'b', absolute: path, stats: reborn }).kind, 'file', 'its own content is stored');
    assert.equal(tree.entry({ path: 'c', absolute: path, stats }).kind, 'hardlink');
  });

  it('keeps modes and times exactly, before 1970 too', async () => {
    await using folder = await temporaryFolder();
    for (const [name, time] of [
      ['old', '1969-12-31T23:59:58.999999999'],
      ['new', '2001-09-09T01:46:40.123456789'],
    ] as const) {
      const path = join(folder.path, name);
      await fs.writeFile(path, '');
      execFileSync('touch', ['-d', `${time}Z`, path]);
      await fs.chmod(path, 0o6751);
    }
    const entries = await entriesOf(folder.path);
    assert.equal(entries.get('old')?.meta.mtimeNs, -1_000_000_001n);
    assert.equal(entries.get('new')?.meta.mtimeNs, 1_000_000_000_123_456_789n);
    assert.equal(entries.get('new')?.meta.mode, 0o6751);
  });

  it('hands files in by path, with the stamp by which they count as unchanged', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'sparse');
    await fs.writeFile(path, '');
    await fs.truncate(path, 8 * 2 ** 30);
    const entry = (await entriesOf(folder.path)).get('sparse');
    const stats = await fs.stat(path, { bigint: true });
    assert.ok(entry?.kind === 'file');
    assert.equal(Buffer.from(entry.file).toString(), path);
    const expected: Stamp = {
      size: 8 * 2 ** 30,
      mtimeNs: stats.mtimeNs,
      ctimeNs: stats.ctimeNs,
      inode: stats.ino,
      device: stats.dev,
    };
    assert.deepEqual(entry.stamp, expected);
  });

  it('tells FIFOs, sockets and devices apart', async () => {
    await using folder = await temporaryFolder();
    execFileSync('mkfifo', [join(folder.path, 'fifo')]);
    const server = createServer().listen(join(folder.path, 'socket'));
    const entries = await entriesOf(folder.path);
    server.close();
    const typeOf = (entry: TreeEntry | undefined) => entry?.kind === 'special' && entry.type;
    assert.equal(typeOf(entries.get('fifo')), 'fifo');
    assert.equal(typeOf(entries.get('socket')), 'socket');
    const stats = await fs.lstat('/dev/null', { bigint: true });
    const device = new Tree().entry({ path: 'null', absolute: '/dev/null', stats });
    assert.ok(device.kind === 'special');
    assert.deepEqual([device.type, device.major, device.minor], ['char', 1, 3]);
  });
});
