import assert from 'node:assert/strict';
import { link, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unfinishedName } from '../contract/index.ts';
import { publish, writeFile } from './file-writing.ts';

const KiB = 1024;

/** The file of this name in a folder, where it lies until it is whole, and that it has no holes. */
function at(folder: string, name = 'file') {
  return {
    path: Buffer.from(join(folder, name)),
    unfinished: Buffer.from(join(folder, unfinishedName(0n))),
    sparse: false,
  };
}

/** Writes `parts` one after the other as one new file, and gives it back. */
async function written(parts: Uint8Array[], sparse: boolean): Promise<{ content: Buffer; blocks: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-writing-'));
  try {
    const file = at(folder);
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const finish = { size, attributes: { mode: 0o640, mtimeNs: -1_500_000n } };
    const failure = writeFile({ ...file, pieces: [], position: 0, create: true, sparse, finish }, parts);
    assert.equal(failure, undefined);
    const { mode, mtimeMs, blocks } = await stat(file.path);
    assert.deepEqual(await readdir(folder), ['file']);
    assert.equal(mode & 0o7777, 0o640);
    assert.equal(mtimeMs, -1.5);
    return { content: await readFile(file.path), blocks };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('whatever zeros a file has, it comes back the same; in a sparse one, long runs of them take no space', async () => {
  const full = (length: number) => new Uint8Array(length).fill(7);
  const cases: Uint8Array[][] = [
    [],
    [new Uint8Array(0)],
    [full(1)],
    [new Uint8Array(1)],
    [new Uint8Array(64 * KiB)],
    [full(64 * KiB)],
    [full(64 * KiB + 1), new Uint8Array(200 * KiB)],
    [new Uint8Array(200 * KiB + 17), full(3)],
    [full(10), new Uint8Array(64 * KiB), full(10), new Uint8Array(128 * KiB), full(64 * KiB)],
    [new Uint8Array(64 * KiB), full(64 * KiB), new Uint8Array(5000)],
    [Buffer.concat([full(64 * KiB), new Uint8Array(64 * KiB), full(64 * KiB), new Uint8Array(4096)])],
  ];
  for (const parts of cases) {
    for (const sparse of [true, false]) {
      const { content, blocks } = await written(parts, sparse);
      assert.equal(Buffer.compare(content, Buffer.concat(parts)), 0, parts.map(({ length }) => length).join());
      if (!sparse) assert.ok(blocks * 512 >= content.length, 'a file that had no holes must have none');
    }
  }
  const large = [Buffer.concat([full(64 * KiB), new Uint8Array(8192 * KiB), full(1)])];
  const { content, blocks } = await written(large, true);
  assert.equal(content.length, (64 + 8192) * KiB + 1);
  assert.ok(blocks * 512 <= 72 * KiB, `${blocks * 512} bytes on disk`);
});

test('a part that fails leaves the file to whoever asked for it: others are writing theirs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-writing-'));
  try {
    const file = at(folder);
    const beyond = { ...file, pieces: [], position: Number.MAX_SAFE_INTEGER };
    assert.equal(writeFile({ ...beyond, position: 0, create: true }, [Buffer.from('first')]), undefined);
    assert.equal(writeFile({ ...beyond, create: false }, [Buffer.from('x')])?.code, 'RESTORE_IO');
    assert.equal(await readFile(file.unfinished, 'utf8'), 'first');
    await rm(file.unfinished);
    assert.equal(writeFile({ ...beyond, create: true }, [Buffer.from('x')])?.code, 'RESTORE_IO');
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a file has its name when its last part is written, and not before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-writing-'));
  try {
    const file = { ...at(folder), pieces: [] };
    const finish = { size: 9, attributes: { mode: 0o640 } };
    assert.equal(writeFile({ ...file, position: 0, create: true }, []), undefined);
    assert.equal(writeFile({ ...file, position: 5, create: false }, [Buffer.from('last')]), undefined);
    await assert.rejects(stat(file.path), { code: 'ENOENT' });
    assert.equal(writeFile({ ...file, position: 0, create: false, finish }, [Buffer.from('first')]), undefined);
    assert.equal(await readFile(file.path, 'utf8'), 'firstlast');
    assert.deepEqual(await readdir(folder), ['file']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what stands where a file is to be stays as it is, and so it does where there are no links', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-writing-'));
  try {
    const write = (content: string) => {
      const finish = { size: content.length, attributes: { mode: 0o640 } };
      const file = { ...at(folder), pieces: [], position: 0, create: true, finish };
      return writeFile(file, [Buffer.from(content)])?.code;
    };
    assert.equal(write('first'), undefined);
    assert.equal(write('second'), 'RESTORE_CONFLICT');
    assert.equal(await readFile(join(folder, 'file'), 'utf8'), 'first');
    assert.deepEqual(await readdir(folder), ['file']);

    const { path, unfinished } = at(folder);
    const refuse = () => {
      throw Object.assign(new Error('no links here'), { code: 'EPERM' });
    };
    await link(path, unfinished);
    assert.throws(() => publish(unfinished, path, refuse), { code: 'EEXIST' });
    await rm(path);
    publish(unfinished, path, refuse);
    assert.deepEqual(await readdir(folder), ['file']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
