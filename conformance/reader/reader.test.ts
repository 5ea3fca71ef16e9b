import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertAlike } from '../acceptance/difference.ts';
import { Machine, PASSPHRASE } from '../acceptance/machine.ts';
import { assertExit } from '../acceptance/program.ts';
import { sha256 } from '../kit/samples.ts';
import { interruptPython, type Read, runPython } from './python.ts';
import { changeTree, makeTree } from './tree.ts';

const vectors = fileURLToPath(new URL('../vectors/repository/', import.meta.url));

const MiB = 2 ** 20;
const testKeys = JSON.parse(readFileSync(join(vectors, 'openpgp-keys.json'), 'utf8'));
const isRoot = process.getuid?.() === 0;

const reader = (...args: readonly string[]) => runPython('holdfast_reader', args);

function assertEnds({ exit, stdout, stderr }: Read, wanted: number): void {
  assert.equal(exit, wanted, `it ended with ${exit}:\n${stderr.slice(0, 4000)}\n${stdout.slice(0, 2000)}`);
}

test('every vector ends as it should', async () => {
  const read = await reader('vectors', vectors);
  assertEnds(read, 0);
  const files = readdirSync(vectors).filter((name) => name.endsWith('.json') && !name.startsWith('openpgp-'));
  const wanted = files.sort().map((name) => {
    const count: number = JSON.parse(readFileSync(join(vectors, name), 'utf8')).vectors.length;
    return `${name.slice(0, -'.json'.length)}: ${count} as they should be`;
  });
  assert.ok(wanted.length >= 16);
  assert.deepEqual(read.stdout.trimEnd().split('\n'), wanted);
});

test('the package carries it whole, and the page it was written from', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'];
  const packed = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  assert.equal(packed.status, 0, packed.stderr);
  const found: readonly { readonly files: readonly { readonly path: string }[] }[] = Object.values(
    JSON.parse(packed.stdout),
  );
  const paths = new Set(found.flatMap(({ files }) => files.map(({ path }) => path)));
  const modules = readdirSync(join(root, 'conformance/reader/holdfast_reader'))
    .filter((name) => name.endsWith('.py') && !name.endsWith('_test.py'))
    .map((name) => `holdfast_reader/${name}`);
  assert.ok(modules.length > 30);
  const wanted = [
    'agent/repository/FORMAT.md',
    ...['README.md', ...modules].map((name) => `conformance/reader/${name}`),
  ];
  assert.deepEqual(
    wanted.filter((path) => !paths.has(path)),
    [],
  );
  assert.deepEqual(
    [...paths].filter((path) => /__pycache__|_test\.py$/.test(path)),
    [],
  );
});

test('hostile trees, folders and signatures, and being told to end: its own tests', async () => {
  const modules = ['extraction_test', 'approval_test', 'keyring_test'].map((name) => `holdfast_reader.${name}`);
  assertEnds(await runPython('unittest', modules), 0);
});

test('it extracts what was written from the page alone', async () => {
  const vector = repositoryVector('every kind of entry, every codec, a stream');
  const { name, read, holds } = vector;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-reader-test-'));
  try {
    const [repository, key, into] = ['repository', 'private.asc', 'extracted'].map((it) => join(folder, it)) as Places;
    writeObjects(repository, vector);
    writeFileSync(key, testKeys.recovery.privateKey);
    // Only root makes devices, and gives files away.
    assertEnds(await reader('extract', repository, read, '--into', into, '--key', key), isRoot ? 0 : 3);
    assert.deepEqual(readdirSync(into).sort(), holds.map((artifact) => artifact.name).sort(), name);
    for (const artifact of holds) assertHeld(into, artifact);
  } finally {
    // One of them is immutable now, where the file system knows that.
    spawnSync('chattr', ['-i', '-a', join(folder, 'extracted/files/flags')]);
    rmSync(folder, { recursive: true, force: true });
  }
});

test('it names what is wrong with a writer, and shows what lies there as nobody approved it', async () => {
  const divided = 'two approvals for different keys';
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-reader-test-'));
  try {
    const approver = join(folder, 'recovery.asc');
    writeFileSync(approver, testKeys.recovery.publicKey);
    for (const [name, trust] of [
      ['a writer whose object was replaced after it was approved', 'trusted'],
      [`${divided}, the wrong one older`, 'unapproved'],
      [`${divided}, the wrong one younger`, 'unapproved'],
      [`${divided}, and no object of the writer`, undefined],
    ] as const) {
      const vector = repositoryVector(name);
      const repository = join(folder, name);
      writeObjects(repository, vector);
      const listed = await reader('list', repository, '--json', '--recipient', approver);
      assertEnds(listed, 3);
      const { snapshots, findings } = JSON.parse(listed.stdout);
      assert.deepEqual(
        snapshots.map((one: Listed) => one.trust),
        trust === undefined ? [] : [trust],
        name,
      );
      const [, writer] = vector.read.split('/');
      const told = findings.filter(({ key }: Listed) => key === `keys/writers/${writer}`);
      assert.deepEqual(
        told.map(({ code }: { code: string }) => code),
        ['WRITER_FORGED'],
        name,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('it lists, extracts and checks what the program backed up', async () => {
  await using machine = await Machine.create();
  const { data, repository } = machine;
  makeTree(data);
  assertExit(await machine.call(['run']), 0);
  const first = machine.place('as it was first');
  execFileSync('cp', ['-a', data, first]);
  changeTree(data);
  assertExit(await machine.call(['run']), 0);
  const passphrase = machine.place('passphrase');
  writeFileSync(passphrase, `${PASSPHRASE}\n`);
  const unlock = ['--key', join(machine.state, 'recovery-key.asc'), '--passphrase-file', passphrase];

  const [older, newer] = await assertListed(machine);
  for (const [snapshot, original] of [
    [older.hash.slice(0, 12), first],
    [newer.key, data],
  ] as const) {
    const into = machine.place(`of ${snapshot.slice(-4)}`);
    assertEnds(await reader('extract', repository, snapshot, '--into', into, ...unlock), 0);
    assertSame(original, into);
    const { size, blocks } = statSync(join(into, 'holes'));
    assert.ok(size > 12 * MiB && blocks * 512 < MiB, 'a few bytes in 12 MiB of holes');
  }
  const checked = await reader('check', repository, '--json', ...unlock);
  assertEnds(checked, 0);
  const { packs, frames, snapshots } = JSON.parse(checked.stdout);
  assert.deepEqual([packs, snapshots], [(await machine.objects('packs')).size, 2]);
  assert.ok(frames > packs);

  assertEnds(await interruptPython('holdfast_reader', ['check', repository, ...unlock]), 130);
  writeFileSync(passphrase, 'another one');
  assertEnds(await reader('ls', repository, newer.key, ...unlock), 77);
  writeFileSync(passphrase, PASSPHRASE);
  rmSync(join(repository, 'indexes'), { recursive: true });
  const without = machine.place('without indexes');
  assertEnds(await reader('extract', repository, newer.key, '--into', without, ...unlock), 0);
  assertSame(data, without);
  const [approvals, aside] = [join(repository, 'keys/approvals'), machine.place('approvals')];
  renameSync(approvals, aside);
  await assertTrustAsked(machine, newer.key, unlock);
  renameSync(aside, approvals);
  await assertDamageShown(machine, newer.key, unlock);
});

interface HeldEntry {
  readonly path: string;
  readonly kind: string;
  readonly mode: number;
  readonly owner: readonly [uid: number, gid: number];
  readonly mtime: readonly [seconds: number, nanoseconds: number];
  readonly sha256?: string;
  readonly target?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
}

interface HeldArtifact {
  readonly name: string;
  readonly kind: 'tree' | 'bytes';
  readonly sha256?: string;
  readonly entries?: readonly HeldEntry[];
}

/** A vector of `repositories.json` (§21 of the page). */
interface RepositoryVector {
  readonly name: string;
  readonly objects: Readonly<Record<string, string>>;
  readonly read: string;
  readonly holds: readonly HeldArtifact[];
}

type Places = [repository: string, key: string, into: string];

function repositoryVector(name: string): RepositoryVector {
  const { vectors: all } = JSON.parse(readFileSync(join(vectors, 'repositories.json'), 'utf8'));
  return all.find((vector: RepositoryVector) => vector.name === name) ?? assert.fail(`no vector ${name}`);
}

function writeObjects(repository: string, { objects }: RepositoryVector): void {
  for (const [path, bytes] of Object.entries(objects)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), Buffer.from(bytes, 'hex'));
  }
}

function assertHeld(into: string, { name, kind, sha256: content, entries = [] }: HeldArtifact): void {
  if (kind === 'bytes') assert.equal(sha256(readFileSync(join(into, name))), content);
  for (const entry of entries) {
    const path = Buffer.concat([Buffer.from(join(into, name, '/')), Buffer.from(entry.path, 'hex')]);
    if (!isRoot && (entry.kind === 'char' || entry.kind === 'block')) continue;
    if (entry.kind === 'socket') {
      assert.throws(() => lstatSync(path));
      continue;
    }
    const { mode, uid, gid, mtimeNs } = lstatSync(path, { bigint: true });
    const [seconds, nanoseconds] = entry.mtime;
    assert.equal(mtimeNs, BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds), entry.path);
    if (isRoot) assert.deepEqual([Number(uid), Number(gid)], entry.owner, entry.path);
    if (isRoot && entry.kind !== 'symlink') assert.equal(Number(mode & 0o7777n), entry.mode, entry.path);
    if (entry.kind === 'file') assert.equal(sha256(readFileSync(path)), entry.sha256, entry.path);
    if (entry.kind === 'symlink') assert.equal(readlinkSync(path, 'buffer').toString('hex'), entry.target);
    for (const [attribute, value] of Object.entries(entry.xattrs ?? {})) {
      const got = execFileSync('getfattr', [
        '--absolute-names',
        '--only-values',
        '-n',
        attribute,
        '--',
        path.toString(),
      ]);
      assert.equal(got.toString('hex'), value, attribute);
    }
  }
}

interface Listed {
  readonly key: string;
  readonly hash: string;
  readonly trust: string;
}

/** Both snapshots, the older one first, as the program lists them too. */
async function assertListed(machine: Machine): Promise<readonly [Listed, Listed]> {
  const read = await reader('list', machine.repository, '--json', '--recipient', join(machine.folder, 'recovery.asc'));
  assertEnds(read, 0);
  const { snapshots, findings }: { snapshots: readonly Listed[]; findings: unknown } = JSON.parse(read.stdout);
  assert.deepEqual(findings, []);
  assert.deepEqual(new Set(snapshots.map(({ trust }) => trust)), new Set(['trusted']));
  const [older, newer, ...more] = snapshots;
  assert.ok(older !== undefined && newer !== undefined && more.length === 0);
  const known = (await machine.snapshots()).map(({ key }) => key);
  assert.deepEqual([older.key, newer.key].sort(), known.sort());
  assert.ok(older.key < newer.key);
  return [older, newer];
}

/** Without approvals: what is there is listed as that, and extracted only when somebody says so by name. */
async function assertTrustAsked(machine: Machine, snapshot: string, unlock: readonly string[]): Promise<void> {
  const { repository, data } = machine;
  const listed = await reader('list', repository, '--json');
  assertEnds(listed, 0);
  const { snapshots }: { snapshots: readonly Listed[] } = JSON.parse(listed.stdout);
  assert.deepEqual(
    snapshots.map(({ trust }) => trust),
    ['unapproved', 'unapproved'],
  );
  const into = machine.place('trusted by name');
  const extract = (...trust: readonly string[]) =>
    reader('extract', repository, snapshot, '--into', into, ...trust, ...unlock);
  const refused = await extract();
  assertEnds(refused, 77);
  assert.match(refused.stderr, /^WRITER_UNAPPROVED/m);
  assertEnds(await extract('--trust-writer', '0'.repeat(32)), 77);
  assert.ok(!existsSync(into), 'nothing was begun');
  // Nothing is damaged, but most was not looked into.
  const checked = await reader('check', repository, ...unlock);
  assertEnds(checked, 3);
  assert.deepEqual(new Set(checked.stderr.match(/[A-Z]+_[A-Z]+/g)), new Set(['WRITER_UNAPPROVED']));
  const [, writer = ''] = snapshot.split('/');
  assertEnds(await extract('--trust-writer', writer), 0);
  assertSame(data, into);
}

/** The same names, bytes and attributes. Names are bytes; rsync sees what Node does not, but compares whole seconds. */
function assertSame(original: string, copy: string): void {
  assertAlike(original, copy);
  assert.deepEqual(describe(Buffer.from(copy)), describe(Buffer.from(original)));
}

/** Everything below a folder, by the hex of its path; files of several names by the first of them. */
function describe(root: Buffer): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const firstNames = new Map<bigint, string>();
  const visit = (path: Buffer) => {
    const stats = lstatSync(path, { bigint: true });
    const { ino, mode, uid, gid, size, mtimeNs } = stats;
    const name = path.subarray(root.length).toString('hex');
    const first = firstNames.get(ino) ?? name;
    firstNames.set(ino, first);
    const content = stats.isFile() ? readFileSync(path).toString('base64') : '';
    const target = stats.isSymbolicLink() ? readlinkSync(path, 'buffer').toString('hex') : '';
    const length = stats.isDirectory() ? 0n : size;
    found.set(name, { mode, uid, gid, length, mtimeNs, content, target, first });
    if (!stats.isDirectory()) return;
    for (const below of readdirSync(path, 'buffer')) visit(Buffer.concat([path, Buffer.from('/'), below]));
  };
  visit(root);
  return found;
}

/** One bit of one frame: the check says so, extracting leaves out what is in it and names it, and writes all else. */
async function assertDamageShown(machine: Machine, snapshot: string, unlock: readonly string[]): Promise<void> {
  const [[pack = ''] = []] = [...(await machine.objects('packs'))].sort((a, b) => b[1] - a[1]);
  const path = join(machine.repository, pack);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 2] = (bytes[bytes.length >> 2] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const checked = await reader('check', machine.repository, ...unlock);
  assertEnds(checked, 1);
  assert.match(checked.stderr, new RegExp(`^${pack}: PACK_DAMAGED`, 'm'));
  assert.match(checked.stderr, new RegExp(`^${pack}: FRAME_DAMAGED`, 'm'));
  assert.match((await reader('check', machine.repository)).stderr, new RegExp(`^${pack}: PACK_DAMAGED`, 'm'));
  const into = machine.place('damaged');
  const extracted = await reader('extract', machine.repository, snapshot, '--into', into, ...unlock);
  assertEnds(extracted, 3);
  const [, left = ''] = /^(.*): FRAME_DAMAGED/m.exec(extracted.stderr) ?? [];
  const [whole, partial] = [describe(Buffer.from(machine.data)), describe(Buffer.from(into))];
  assert.ok(partial.size < whole.size && partial.size > whole.size / 2);
  assert.ok(
    !partial.has(Buffer.from(`/${left}`).toString('hex')) && whole.has(Buffer.from(`/${left}`).toString('hex')),
  );
  for (const [name, entry] of partial) assert.deepEqual(entry, whole.get(name), Buffer.from(name, 'hex').toString());
}
