import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { RepositoryVector } from '../vectors/repository/vector.ts';
import { assertExit, Child } from './program.ts';

const vectors = new URL('../vectors/repository/', import.meta.url);
const repositories: readonly RepositoryVector[] = JSON.parse(
  readFileSync(new URL('repositories.json', vectors), 'utf8'),
).vectors;
const keys = JSON.parse(readFileSync(new URL('openpgp-keys.json', vectors), 'utf8'));

interface StoredEntry {
  readonly path: string;
  readonly kind: string;
  readonly mode: number;
  readonly mtime: readonly [seconds: number, nanoseconds: number];
  readonly size?: number;
  readonly sha256?: string;
  readonly target?: string;
}

/** Devices are made by root only; without them a restore is incomplete. */
const isRoot = process.getuid?.() === 0;

for (const [name, exit] of [
  ['every kind of entry, every codec, a stream', isRoot ? 0 : 3],
  ['frames in packs of two epochs', 0],
] as const) {
  test(`the program restores a repository that was written from the page alone: ${name}`, async () => {
    const vector = repositories.find((one) => one.name === name) ?? assert.fail('no such vector');
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-vector-'));
    try {
      setUp(folder, vector);
      const into = join(folder, 'restored');
      const args = ['restore', 'app-files', '--into', into, '--key', join(folder, 'private.asc')];
      const env = { HOLDFAST_STATE: join(folder, 'state'), HOLDFAST_PASSPHRASE: 'it needs none' };
      assertExit(await new Child(args, { cwd: folder, env }).ended, exit);
      const [tree] = vector.holds as readonly { readonly entries: readonly StoredEntry[] }[];
      assert.ok(tree !== undefined && tree.entries.length > 2);
      for (const entry of tree.entries) assertRestored(into, entry);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function setUp(folder: string, { objects }: RepositoryVector): void {
  for (const [key, bytes] of Object.entries(objects)) {
    const path = join(folder, 'repository', key);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, Buffer.from(bytes, 'hex'), { mode: 0o600 });
  }
  writeFileSync(join(folder, 'recovery.asc'), keys.recovery.publicKey);
  writeFileSync(join(folder, 'private.asc'), keys.recovery.privateKey, { mode: 0o600 });
  writeFileSync(
    join(folder, 'holdfast.yaml'),
    `version: 1
recipients: { recovery: { publicKey: recovery.asc } }
sources: { app-files: { type: files, paths: [data] } }
targets: { local: { type: local, path: repository } }
jobs: { app: { source: app-files, targets: [local] } }
`,
  );
}

function assertRestored(into: string, { path, kind, mode, mtime, size, sha256, target }: StoredEntry): void {
  if (kind === 'socket' || (!isRoot && (kind === 'char' || kind === 'block'))) return;
  const place = Buffer.concat([Buffer.from(`${into}/`), Buffer.from(path, 'hex')]);
  const at = (hex = '') => Buffer.from(hex, 'hex').toString('latin1');
  const found = lstatSync(place, { bigint: true });
  if (kind === 'file') {
    // Only root reads what nobody may.
    if (isRoot || mode !== 0) assert.equal(createHash('sha256').update(readFileSync(place)).digest('hex'), sha256);
    assert.equal(Number(found.size), size);
  }
  if (kind === 'symlink') assert.equal(readlinkSync(place, 'latin1'), at(target));
  if (kind === 'hardlink') assert.equal(lstatSync(join(into, at(target)), { bigint: true }).ino, found.ino);
  const wanted = isRoot ? mode : mode & 0o777;
  if (kind !== 'symlink') assert.equal(Number(found.mode) & (isRoot ? 0o7777 : 0o777), wanted, at(path));
  const apart = found.mtimeNs - (BigInt(mtime[0]) * 1_000_000_000n + BigInt(mtime[1]));
  assert.ok(apart > -1000n && apart < 1000n, `${at(path)} is ${apart} ns off`);
}
