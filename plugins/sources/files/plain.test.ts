import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lendHost, MemorySink } from 'holdfast/conformance';
import type { KnownFiles, Sink, TreeEntry } from 'holdfast/plugin';
import { plugin } from './index.ts';
import type { FilesOptions } from './options.ts';
import { temporaryFolder } from './sample.ts';

/** What the source hands in, by path, when this is known of its files. */
async function captured(options: FilesOptions, known: KnownFiles): Promise<ReadonlyMap<string, TreeEntry>> {
  await using host = await lendHost();
  await using source = await plugin.open(options, host);
  const entries = new Map<string, TreeEntry>();
  const sink: Sink = Object.assign(new MemorySink(), {
    tree: async (_: string, made: Parameters<Sink['tree']>[1]) => {
      assert.ok(typeof made === 'function');
      for await (const entry of made(known)) entries.set(Buffer.from(entry.path).toString(), entry);
    },
  });
  await source.backup({ select: null, parallel: 8, lastOf: () => undefined }, sink);
  return entries;
}

const plainOf = (entry: TreeEntry | undefined) => entry?.kind === 'file' && entry.plain === true;
const NOTHING: KnownFiles = { isPlain: () => false };

describe('files with nothing beside what lstat tells', () => {
  it('are handed in as plain when all was looked for, and no others are', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['dressed', 'plain']) await fs.writeFile(join(folder.path, name), name);
    execFileSync('setfattr', ['-n', 'user.a', '-v', 'b', join(folder.path, 'dressed')]);
    const paths = [folder.path];
    const all = await captured({ paths }, NOTHING);
    assert.deepEqual([plainOf(all.get('plain')), plainOf(all.get('dressed'))], [true, false]);
    assert.ok(all.get('dressed')?.meta.xattrs?.['user.a']);
    for (const off of [{ xattrs: false }, { flags: false }])
      assert.equal(plainOf((await captured({ paths, ...off }, NOTHING)).get('plain')), false, JSON.stringify(off));
  });

  it('are not looked at again when they are known, each by its path and stamp, in tree order', async () => {
    await using folder = await temporaryFolder();
    await fs.mkdir(join(folder.path, 'a'));
    for (const name of ['a/known', 'a/new', 'b']) {
      await fs.writeFile(join(folder.path, name), name);
      execFileSync('setfattr', ['-n', 'user.a', '-v', 'b', join(folder.path, name)]);
    }
    const asked: string[] = [];
    const { ctimeNs } = await fs.lstat(join(folder.path, 'a/known'), { bigint: true });
    const isPlain: KnownFiles['isPlain'] = (path, stamp) => {
      const name = Buffer.from(path).toString();
      asked.push(name);
      return name === 'a/known' && stamp.ctimeNs === ctimeNs;
    };
    const all = await captured({ paths: [folder.path] }, { isPlain });
    assert.deepEqual(asked, ['a/known', 'a/new', 'b'], 'folders are looked at each time');
    assert.deepEqual([plainOf(all.get('a/known')), all.get('a/known')?.meta.xattrs], [true, undefined]);
    for (const name of ['a/new', 'b']) assert.ok(all.get(name)?.meta.xattrs?.['user.a'], name);
    assert.deepEqual([...all.keys()], ['', 'a', 'a/known', 'a/new', 'b']);
  });
});
