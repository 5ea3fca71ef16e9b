/**
 * Restores of trees that somebody wrote who holds a host's keys: all of it authenticates. After each, nothing outside of the
 * folder restored into has changed, what is wrong is named, and an honest snapshot restores.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { advised } from '../cli/advice.ts';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Failure } from '../contract/index.ts';
import { makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
import {
  type CraftedEntry,
  CraftedRepository,
  file,
  folder,
  hardlink,
  makeSentinel,
  special,
  stateOf,
  symlink,
} from './crafted-repository.fixture.ts';
import { restore } from './reading.fixture.ts';
import type { RestoreReport } from './restore-report.ts';

let r: TestRepository;
let crafted: CraftedRepository;
let data: string;
let outside: string;
let honest = '';
let next = 0;

before(async () => {
  r = await TestRepository.create({ plugins: builtinPlugins, recipient: await makeRecipient() });
  data = join(r.folder, 'data');
  outside = join(r.folder, 'outside');
  mkdirSync(join(data, 'sub'), { recursive: true });
  writeFileSync(join(data, 'sub/file'), 'honest');
  makeSentinel(outside);
  const report = await r.run({ source: source() });
  assert.ok(report.snapshot);
  honest = report.snapshot.hash;
  crafted = await CraftedRepository.open(r.path(''), r.stateFolder);
});
after(() => r[Symbol.asyncDispose]());

const hello = () => crafted.chunks(Buffer.from('hello'));

const trees: Record<string, [code: string, entries: () => CraftedEntry[]]> = {
  '..': ['OBJECT_DAMAGED', () => [folder(''), file('../escaped', hello())]],
  'a way out through a folder that is there': [
    'OBJECT_DAMAGED',
    () => [folder(''), folder('a'), file('a/../../escaped', hello())],
  ],
  'an absolute name': ['OBJECT_DAMAGED', () => [folder(''), file(`${outside}/file`, hello())]],
  'an empty component': ['OBJECT_DAMAGED', () => [folder(''), folder('a'), file('a//b', hello())]],
  'a component .': ['OBJECT_DAMAGED', () => [folder(''), folder('a'), file('a/./b', hello())]],
  'a name that ends in a slash': ['OBJECT_DAMAGED', () => [folder(''), folder('a/')]],
  'a NUL': ['OBJECT_DAMAGED', () => [folder(''), file('a\0b', hello())]],
  'a root that is a file': ['OBJECT_DAMAGED', () => [file('', hello())]],
  'a root that is a link': ['OBJECT_DAMAGED', () => [symlink('', outside), file('file', hello())]],
  'entries out of order': ['OBJECT_DAMAGED', () => [folder(''), file('b', hello()), file('a', hello())]],
  'one name twice': ['OBJECT_DAMAGED', () => [folder(''), symlink('a', outside), folder('a'), file('a/file', hello())]],
  'an entry below a link': ['OBJECT_DAMAGED', () => [folder(''), symlink('a', outside), file('a/file', hello())]],
  'an entry below a file': ['OBJECT_DAMAGED', () => [folder(''), file('a', hello()), file('a/b', hello())]],
  'an entry below a folder that is not there': ['RESTORE_ESCAPE', () => [folder(''), file('nowhere/file', hello())]],
  'a hard link to outside': ['OBJECT_DAMAGED', () => [folder(''), hardlink('a', `../outside/file`)]],
  'a hard link to an absolute name': ['OBJECT_DAMAGED', () => [folder(''), hardlink('a', `${outside}/file`)]],
  'a hard link to itself': ['OBJECT_DAMAGED', () => [folder(''), hardlink('a', 'a')]],
  'a hard link to what comes later': ['OBJECT_DAMAGED', () => [folder(''), hardlink('a', 'b'), file('b', hello())]],
  'a hard link to a name that is not there': [
    'RESTORE_IO',
    () => [folder(''), file('a', hello()), hardlink('z', 'nothing')],
  ],
  'a hard link to a folder': ['RESTORE_DENIED', () => [folder(''), folder('a'), hardlink('b', 'a')]],
  'a hard link to what is reached through a link': [
    'RESTORE_ESCAPE',
    () => [folder(''), symlink('a', outside), hardlink('b', 'a/file')],
  ],
  'a mode beyond modes': ['OBJECT_DAMAGED', () => [folder(''), file('a', hello(), { 2: 0o10644 })]],
  'nanoseconds beyond a second': ['OBJECT_DAMAGED', () => [folder(''), file('a', hello(), { 6: 1_000_000_000 })]],
  'a kind that there is not': ['OBJECT_DAMAGED', () => [folder(''), { ...folder('a'), 1: 8 }]],
  'a field that there is not': ['OBJECT_DAMAGED', () => [folder(''), { ...folder('a'), 99: 1 }]],
  'a size that its chunks do not have': ['OBJECT_DAMAGED', () => [folder(''), file('a', hello(), { 8: 6 })]],
  'the largest size': ['OBJECT_DAMAGED', () => [folder(''), file('a', hello(), { 8: Number.MAX_SAFE_INTEGER })]],
  'a chunk that is nowhere': ['CHUNK_MISSING', () => [folder(''), file('a', [{ id: new Uint8Array(32), length: 5 }])]],
  'a chunk of another length': [
    'CHUNK_MISSING',
    () => [folder(''), file('a', [{ id: crafted.idOf(Buffer.from('hello')), length: 4 }])],
  ],
  'a link without a target': ['OBJECT_DAMAGED', () => [folder(''), symlink('a', '')]],
  'a device of impossible numbers': ['RESTORE_SPECIAL', () => [folder(''), special('a', 6, 0xffff_ffff, 0xffff_ffff)]],
};

const source = () => r.files({ paths: [data] });

/** Restores a snapshot into a folder of its own: nothing outside of that is touched. Returns the report and where it went. */
async function restored(at: string): Promise<{ report: RestoreReport; into: string }> {
  const into = join(r.folder, `into-${next++}`);
  const before = stateOf(outside);
  const report = await restore(r, source(), into, { at });
  assert.deepEqual(stateOf(outside), before);
  return { report, into };
}

/** What went wrong, each with its object and something to do. */
function said({ failure, skipped }: RestoreReport): Failure[] {
  const all = [...(failure ? [failure] : []), ...skipped.map((one) => one.failure)];
  for (const one of all) assert.ok(one.message !== '' && advised(one).hint, one.code);
  return all;
}

for (const [name, [code, entriesOf]] of Object.entries(trees)) {
  test(`${name}: ${code}, and nothing outside is touched`, async () => {
    const { report } = await restored(crafted.tree([entriesOf()]));
    assert.deepEqual(
      said(report).map((failure) => failure.code),
      [code],
    );
  });
}

test('what is right beside it is restored: links wherever they point, and files under names of any bytes', async () => {
  const names = ['new\nline', '\x1b[2J\x1b]0;owned\x07', '\u202egnp.exe', ' ', '-rf', '~', '*', '\\'].map((name) =>
    Buffer.from(name),
  );
  const refs = hello();
  const links = [symlink('absolute', `${outside}/file`), symlink('up', '../../../../etc/shadow')];
  const inside = [...[...names, Buffer.from([0xff, 0xfe])].map((name) => file(name, refs)), ...links];
  inside.sort((a, b) => Buffer.compare(a[0] as Uint8Array, b[0] as Uint8Array));
  const { report, into } = await restored(crafted.tree([[folder(''), ...inside]]));
  assert.deepEqual([report.verdict, said(report)], ['ok', []]);
  assert.deepEqual(
    readdirSync(into, { encoding: 'buffer' }).sort(Buffer.compare),
    inside.map((entry) => entry[0]),
  );
});

test('a tree deeper than any system call reaches is restored to its end', async () => {
  const depth = 3000;
  const entries = [folder('')];
  for (let level = 1; level <= depth; level++) entries.push(folder(Array(level).fill('d').join('/')));
  const { report, into } = await restored(crafted.tree([[...entries, file('e', hello())]]));
  assert.deepEqual([report.verdict, said(report)], ['ok', []]);
  assert.equal(readFileSync(join(into, 'e'), 'utf8'), 'hello');
  assert.equal(execFileSync('find', [into, '-type', 'd', '-printf', '.']).length, depth + 1);
  // Node's own rm cannot.
  execFileSync('rm', ['-rf', into]);
});

test('an honest snapshot still restores', async () => {
  const { report, into } = await restored(honest);
  assert.deepEqual([report.verdict, said(report)], ['ok', []]);
  assert.equal(readFileSync(join(into, 'sub/file'), 'utf8'), 'honest');
});
