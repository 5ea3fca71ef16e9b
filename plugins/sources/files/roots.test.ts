import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lendHost, MemorySink } from 'holdfast/conformance';
import type { Json } from 'holdfast/plugin';
import { plugin } from './index.ts';
import type { FilesOptions } from './options.ts';
import { failureWith, temporaryFolder } from './sample.ts';

const thisFile = fileURLToPath(import.meta.url);

interface Backup {
  readonly paths: readonly string[];
  readonly facts: Json;
  readonly sink: MemorySink;
}

async function backUp(options: FilesOptions): Promise<Backup> {
  await using host = await lendHost();
  await using source = await plugin.open(options, host);
  const sink = new MemorySink();
  const { facts } = await source.backup({ select: null, parallel: 8, lastOf: () => undefined }, sink);
  const paths: string[] = [];
  for await (const entry of sink.snapshot().tree('files')) paths.push(Buffer.from(entry.path).toString());
  assert.deepEqual(sink.violations, []);
  return { paths, facts, sink };
}

describe('the paths of a files source', () => {
  it('make the root of the tree of one folder', async () => {
    await using folder = await temporaryFolder();
    await fs.writeFile(join(folder.path, 'x'), '123');
    const { paths, facts } = await backUp({ paths: [folder.path] });
    assert.deepEqual(paths, ['', 'x']);
    const counts = {
      files: 1,
      bytes: 3,
      folders: 1,
      symlinks: 0,
      hardlinks: 0,
      specials: 0,
      sparse: 0,
      attributes: 0,
      excluded: 0,
    };
    assert.deepEqual(facts, counts);
  });

  it('may be relative to where the agent stands', async () => {
    await using folder = await temporaryFolder();
    await fs.mkdir(join(folder.path, 'sub'));
    await fs.writeFile(join(folder.path, 'sub/x'), '');
    const home = process.cwd();
    process.chdir(folder.path);
    try {
      assert.deepEqual((await backUp({ paths: ['./sub/'] })).paths, ['', 'x']);
    } finally {
      process.chdir(home);
    }
  });

  it('put one file alone into its folder', async () => {
    await using folder = await temporaryFolder();
    await fs.writeFile(join(folder.path, 'x'), '');
    await fs.writeFile(join(folder.path, 'y'), '');
    assert.deepEqual((await backUp({ paths: [join(folder.path, 'x')], exclude: ['*'] })).paths, ['', 'x']);
  });

  it('lie under their absolute paths when there are several, each once', async () => {
    await using folder = await temporaryFolder();
    const base = folder.path.slice(1);
    for (const name of ['a-b', 'a/b', 'c/in']) await fs.mkdir(join(folder.path, name), { recursive: true });
    for (const name of ['a/b/1', 'a-b/2', 'c/in/3', 'c/4', 'x']) await fs.writeFile(join(folder.path, name), '');
    const at = (name: string) => join(folder.path, name);
    const { paths } = await backUp({ paths: [at('c/in'), at('a'), at('x'), at('a/b'), at('a-b')], exclude: ['/b/1'] });
    const below = paths.filter((path) => path.startsWith(`${base}/`)).map((path) => path.slice(base.length + 1));
    assert.deepEqual(below, ['a', 'a/b', 'a-b', 'a-b/2', 'c', 'c/in', 'c/in/3', 'x']);
    assert.deepEqual(paths.slice(0, 2), ['', base.split('/')[0]]);
  });

  it('are resolved when they lead through links', async () => {
    await using folder = await temporaryFolder();
    await fs.mkdir(join(folder.path, 'real/sub'), { recursive: true });
    await fs.symlink('real', join(folder.path, 'link'));
    assert.deepEqual((await backUp({ paths: [join(folder.path, 'link')] })).paths, ['', 'sub']);
    const { paths } = await backUp({ paths: [join(folder.path, 'link/sub'), thisFile] });
    assert.ok(paths.includes(`${folder.path.slice(1)}/real/sub`), paths.join());
  });

  it('must exist', async () => {
    await using folder = await temporaryFolder();
    const gone = join(folder.path, 'gone');
    await fs.symlink('nowhere', join(folder.path, 'dangling'));
    for (const path of [gone, join(folder.path, 'dangling'), `${thisFile}/x`]) {
      await assert.rejects(backUp({ paths: [folder.path, path] }), failureWith('SOURCE_MISSING'));
    }
    await assert.rejects(backUp({ paths: [gone], onMissing: 'skip' }), failureWith('SOURCE_MISSING'));
  });

  it('may be missing when the policy says so, and are named', async () => {
    await using folder = await temporaryFolder();
    const gone = join(folder.path, 'gone');
    const { sink, paths } = await backUp({ paths: [folder.path, gone], onMissing: 'skip' });
    assert.deepEqual(
      sink.skipped.map(({ what, failure }) => [what, failure.code]),
      [[gone, 'SOURCE_MISSING']],
    );
    assert.ok(paths.includes(folder.path.slice(1)));
  });

  it('are what probe tells of', async () => {
    await using host = await lendHost();
    await using folder = await temporaryFolder();
    await using source = await plugin.open({ paths: [folder.path, '/gone away'], onMissing: 'skip' }, host);
    const facts = await source.probe();
    assert.deepEqual(facts, { roots: [{ path: folder.path, kind: 'folder' }], missing: ['/gone away'] });
  });

  it('take no select', async () => {
    await using host = await lendHost();
    await using source = await plugin.open({ paths: [thisFile] }, host);
    const request = { select: ['x'], parallel: 1, lastOf: () => undefined };
    await assert.rejects(source.backup(request, new MemorySink()), failureWith('SOURCE_SELECT'));
  });
});
