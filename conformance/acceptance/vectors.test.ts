import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RepositoryVector } from '../vectors/repository/vector.ts';
import { removeTree } from './machine.ts';
import { assertExit, Child, documentOf } from './program.ts';

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
      await removeTree(folder); // one of the files restored is immutable
    }
  });
}

interface Listed {
  readonly snapshots: readonly { readonly id: string; readonly trust: string }[];
  readonly damaged: readonly unknown[];
  readonly unapproved: readonly Failure[];
  readonly problems: readonly Failure[];
}

for (const [name, trust, told] of [
  ['a writer whose object was replaced after it was approved', 'approved', /compare with another copy/],
  ['two approvals for different keys, the wrong one older', 'unapproved', /remove the approvals of any other/],
  ['two approvals for different keys, and no object of the writer', undefined, /remove the approvals of any other/],
] as const) {
  test(`whoever lists snapshots is told of a writer with several keys: ${name}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-vector-'));
    try {
      const vector = repositories.find((one) => one.name === name) ?? assert.fail('no such vector');
      const [, writer = ''] = vector.read.split('/');
      setUp(folder, vector);
      const list = (...args: string[]) =>
        new Child(['snapshots', ...args], { cwd: folder, env: { HOLDFAST_STATE: join(folder, 'state') } }).ended;
      const { stderr } = await list('app-files');
      assert.match(stderr, new RegExp(`writer ${writer.slice(0, 8)} of host "host-1"`));
      assert.match(stderr, told);
      assert.doesNotMatch(stderr, /no snapshots/);
      const { snapshots, damaged, problems, unapproved } = documentOf<Listed>(await list('--json'));
      assert.deepEqual([snapshots.map((one) => one.trust), damaged], [trust === undefined ? [] : [trust], []]);
      assert.deepEqual(
        problems.map(({ code, detail }) => ({ code, detail })),
        [{ code: 'WRITER_FORGED', detail: { writer } }],
      );
      assert.match(problems[0]?.hint ?? '', told);
      assert.equal(unapproved.length, trust === 'approved' ? 0 : 1);
    } finally {
      await removeTree(folder);
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
