import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeFile } from './file-writing.ts';

const KiB = 1024;

/** Writes `parts` one after the other as one new file, and gives it back. */
async function written(parts: Uint8Array[]): Promise<{ content: Buffer; blocks: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-writing-'));
  try {
    const path = Buffer.from(join(folder, 'file'));
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const finish = { size, attributes: { mode: 0o640, mtimeNs: -1_500_000n } };
    const failure = writeFile({ path, pieces: [], position: 0, create: true, finish }, parts);
    assert.equal(failure, undefined);
    const { mode, mtimeMs, blocks } = await stat(path);
    assert.equal(mode & 0o7777, 0o640);
    assert.equal(mtimeMs, -1.5);
    return { content: await readFile(path), blocks };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('whatever zeros a file has, it comes back the same, and long runs of them take no space', async () => {
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
    const { content } = await written(parts);
    assert.equal(Buffer.compare(content, Buffer.concat(parts)), 0, parts.map(({ length }) => length).join());
  }
  const { content, blocks } = await written([Buffer.concat([full(64 * KiB), new Uint8Array(8192 * KiB), full(1)])]);
  assert.equal(content.length, (64 + 8192) * KiB + 1);
  assert.ok(blocks * 512 <= 192 * KiB, `${blocks * 512} bytes on disk`);
});

test('a part that fails leaves the file to whoever asked for it: others are writing theirs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-writing-'));
  try {
    const path = Buffer.from(join(folder, 'file'));
    const beyond = { path, pieces: [], position: Number.MAX_SAFE_INTEGER };
    assert.equal(writeFile({ ...beyond, position: 0, create: true }, [Buffer.from('first')]), undefined);
    assert.equal(writeFile({ ...beyond, create: false }, [Buffer.from('x')])?.code, 'RESTORE_IO');
    assert.equal(await readFile(path, 'utf8'), 'first');
    await rm(path);
    assert.equal(writeFile({ ...beyond, create: true }, [Buffer.from('x')])?.code, 'RESTORE_IO');
    await assert.rejects(stat(path), { code: 'ENOENT' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a file that is there already stays as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-writing-'));
  try {
    const file = { path: Buffer.from(join(folder, 'file')), pieces: [], position: 0, create: true };
    assert.equal(writeFile(file, [Buffer.from('first')]), undefined);
    assert.equal(writeFile(file, [Buffer.from('second')])?.code, 'RESTORE_CONFLICT');
    assert.equal(await readFile(join(folder, 'file'), 'utf8'), 'first');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
