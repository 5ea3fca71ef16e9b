import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { holdfast } from '../child.fixture.ts';

/*
 * What people and programs see of `ls`, `diff` and `find`. Three snapshots: the second has a file more and another letter, in the
 * third the letter is gone.
 */
let root = '';
let data = '';
const ids: string[] = [];
const ODD = Buffer.from([0x62, 0xe9, 0x62, 0x0a, 0x1b, 0x5b, 0x31, 0x6d, 0x2a]);
const SHOWN = 'b\\xe9b\\x0a\\x1b[1m*';

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-browsing-'));
  data = path.join(root, 'data');
  await mkdir(path.join(data, 'docs/deep'), { recursive: true });
  await writeFile(path.join(data, 'docs/letter.txt'), 'Dear reader');
  await writeFile(path.join(data, 'docs/deep/book'), Buffer.alloc(100_000, 'story '));
  await writeFile(Buffer.concat([Buffer.from(`${data}/`), ODD]), 'odd');
  await symlink('docs', path.join(data, 'link'));
  await utimes(path.join(data, 'docs/deep/book'), 1e9, 1e9);
  assert.equal(call(['init', '--protect', data]).exit, 0);
  run();
  await writeFile(path.join(data, 'docs/letter.txt'), 'Dear readers');
  await writeFile(path.join(data, 'docs/new'), 'new');
  await chmod(path.join(data, 'docs/deep/book'), 0o600);
  run();
  await rm(path.join(data, 'docs/letter.txt'));
  run();
});
after(() => rm(root, { recursive: true }));

function call(args: readonly string[]) {
  const env = { HOLDFAST_PASSPHRASE: 'correct horse battery staple', TZ: 'UTC' };
  return holdfast([...args, '--state', path.join(root, 'state')], { cwd: root, env });
}

function run(): void {
  const { exit, stdout, stderr } = call(['run', '--json']);
  assert.equal(exit, 0, stderr);
  ids.push(JSON.parse(stdout).runs[0].snapshot.id);
}

function told(args: readonly string[], exit = 0): string[] {
  const ended = call(args);
  assert.equal(ended.exit, exit, ended.stderr);
  // Whatever a name has, no line of it drives the terminal.
  assert.ok(!/[^\n\P{Cc}]/u.test(ended.stdout), JSON.stringify(ended.stdout));
  return ended.stdout.split('\n').slice(0, -1);
}

function asked(args: readonly string[], exit = 0) {
  const ended = call([...args, '--json']);
  assert.equal(ended.exit, exit, ended.stderr);
  return JSON.parse(ended.stdout);
}

test('ls: names, or all of it; one level, or below a path; odd names as they can be asked for', () => {
  const names = [SHOWN, 'docs/', 'docs/deep/', 'docs/deep/book', 'docs/new', 'link'];
  assert.deepEqual(told(['ls', 'files']), names);
  assert.deepEqual(told(['ls', 'files', 'docs/', '--depth', '1']), ['docs/', 'docs/deep/', 'docs/new']);
  const [folder, book] = told(['ls', 'files', '-l', 'deep']);
  assert.match(folder ?? '', /^drwx.{6} {2}\d+:\d+ +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}docs\/deep\/$/);
  assert.match(book ?? '', /^-rw------- {2}\d+:\d+ +98 KiB {2}2001-09-09 01:46:40 {2}docs\/deep\/book$/);
  const { entries, snapshot } = asked(['ls', 'files', SHOWN]);
  assert.equal(snapshot.id, ids[2]);
  assert.deepEqual(
    entries.map((entry: { pathBase64: string }) => Buffer.from(entry.pathBase64, 'base64')),
    [ODD],
  );
  assert.deepEqual(call(['ls', 'files', '--depth', 'x']).exit, 64);
});

test('diff: what is other than in the one before, or between any two, as lines and as a document', () => {
  const lines = told(['diff', 'files', ids[0] ?? '', ids[1] ?? '']);
  assert.match(lines[0] ?? '', new RegExp(`^from  ${ids[0]}  .*  job files, host `));
  assert.match(lines[1] ?? '', new RegExp(`^to    ${ids[1]}  `));
  assert.deepEqual(
    lines.slice(3),
    [
      'M ...t...                         docs/',
      'M .m.....     98 KiB              docs/deep/book',
      'M c..t...       12 B       +1 B   docs/letter.txt',
      '+ .......        3 B              docs/new',
      '',
      '1 added (3 B), 3 changed (98 KiB, +1 B), 4 the same',
    ].map((line) => line.replace(/ {3}docs/, '  docs')),
  );
  const { from, to, compared, changes, totals } = asked(['diff', 'files']);
  assert.deepEqual([from.id, to.id, compared], [ids[1], ids[2], 'chunks']);
  assert.deepEqual(
    changes.map(({ change, path: name }: { change: string; path: string }) => `${change} ${name}`),
    ['changed docs', 'removed docs/letter.txt'],
  );
  assert.deepEqual([totals.removed, totals.same], [{ entries: 1, bytes: 12 }, 6]);
  const [letter] = asked(['diff', 'files', ids[0] ?? '', ids[1] ?? '', 'docs/letter.txt']).changes;
  assert.deepEqual([letter.what, letter.before.size, letter.after.size], [['content', 'time'], 11, 12]);
  assert.deepEqual(told(['diff', 'files', 'docs/deep/']).slice(2), ['', 'No difference.']);
});

test('diff: a path that neither has, a snapshot that is not there, and one with none before it are exit 64', () => {
  told(['diff', 'files', 'dosc/'], 64);
  const none = call(['diff', 'files', 'previous', ids[0] ?? '']);
  assert.equal(none.exit, 64);
  assert.match(none.stderr, /has no snapshot before/);
});

test('find: the versions of a path, which is the last, and where it is no more', () => {
  const [name, first, second, gone, ...none] = told(['find', 'letter.txt']);
  assert.deepEqual([name, none], ['docs/letter.txt', []]);
  const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d';
  assert.match(first ?? '', new RegExp(`^  \\+ \\.{7}  ${ids[0]}  ${time}       11 B  ${time}  ×1$`));
  assert.match(second ?? '', new RegExp(`^  M c\\.\\.t\\.\\.\\.  ${ids[1]}  ${time}       12 B  ${time}  ×1$`));
  assert.match(gone ?? '', new RegExp(`^  - \\.{7}  ${ids[2]}  ${time}  last in ${ids[1]}$`));
  const { snapshots, paths, unread } = asked(['find', 'docs/', '!docs/deep/']);
  assert.deepEqual(
    snapshots.map(({ id }: { id: string }) => id),
    ids,
  );
  const [, letter, fresh] = paths;
  assert.deepEqual(
    letter.versions.map(({ change, snapshots: where }: { change: string; snapshots: string[] }) => [change, ...where]),
    [
      ['added', ids[0]],
      ['changed', ids[1]],
      ['removed', ids[2]],
    ],
  );
  assert.deepEqual([fresh.path, fresh.versions[0].snapshots, unread], ['docs/new', ids.slice(1), []]);
  const found = call(['find', SHOWN]);
  assert.ok(found.stdout.startsWith(`${SHOWN}\n`));
  // It tells how to bring back what was found: that command means this path and no other.
  assert.match(
    found.stderr,
    /Next: .* restore files --into .\/restored --at [0-9a-f]{8} '\/b\\xe9b\\x0a\\x1b\\\[1m\\\*'/,
  );
});

test('find: by time and size, in some of the snapshots; what is nowhere is exit 64, and 3 beside what is', () => {
  const names = (args: readonly string[]) => told(['find', ...args]).filter((line) => !line.startsWith(' '));
  assert.deepEqual(names(['docs/', '--larger', '1kB', '--older', '2010-01-01']), ['docs/deep/book']);
  assert.deepEqual(names(['*e*', '--newer', '1d', '--from', ids[2] ?? '', '--source', 'files']), [
    'docs/deep/',
    'docs/new',
  ]);
  assert.deepEqual(names(['letter.txt', '--to', ids[0] ?? '']), ['docs/letter.txt']);
  told(['find', 'nowhere'], 64);
  told(['find', 'nowhere', 'letter.txt'], 3);
  assert.equal(call(['find', 'x', '--source', 'nobody']).exit, 64);
  assert.equal(call(['find', 'x', '--larger', 'much']).exit, 64);
});
