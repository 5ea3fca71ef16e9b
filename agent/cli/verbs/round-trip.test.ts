import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type ChildOptions, holdfast, startHoldfast } from '../child.fixture.ts';
import { compareTrees } from '../tree-comparison.ts';

const PASSPHRASE = 'correct horse battery staple';
let root = '';
let data = '';

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-round-trip-'));
  data = path.join(root, 'data');
  await mkdir(path.join(data, 'docs'), { recursive: true });
  await writeFile(path.join(data, 'docs/letter.txt'), 'Dear reader');
  await writeFile(path.join(data, 'large'), Buffer.alloc(3_000_000, 'abcdefg'));
  await writeFile(path.join(data, 'esc\x1b[31mape'), '');
  await link(path.join(data, 'large'), path.join(data, 'large-too'));
  await symlink('docs/letter.txt', path.join(data, 'symlink'));
  await chmod(path.join(data, 'docs/letter.txt'), 0o640);
  await utimes(path.join(data, 'docs'), 1e9, 1e9);
  const { exit, stderr } = call(['init', '--protect', data], { env: { HOLDFAST_PASSPHRASE: PASSPHRASE } });
  assert.equal(exit, 0, stderr);
});
after(() => rm(root, { recursive: true }));

function call(args: readonly string[], o: Partial<ChildOptions> = {}) {
  return holdfast([...args, '--state', path.join(root, 'state')], { cwd: root, ...o });
}

const unlocked = { env: { HOLDFAST_PASSPHRASE: PASSPHRASE } };

async function differences(restored: string): Promise<string[]> {
  const { differences: found } = await compareTrees({
    original: data,
    restored,
    excluded: () => false,
    since: Number.MAX_SAFE_INTEGER,
    owners: process.getuid?.() === 0,
    signal: new AbortController().signal,
  });
  return found.map(({ path: at, what }) => `${at} ${what}`);
}

test('run, list, restore, verify: what comes back is what was there', async () => {
  const first = call(['run', '--json']);
  assert.equal(first.exit, 0, first.stderr);
  const [run] = JSON.parse(first.stdout).runs;
  assert.equal(run.verdict, 'ok');
  assert.match(run.traceId, /^[0-9a-f]{32}$/);
  assert.ok(run.totals.newBytes > 0);

  const again = call(['run', 'files']);
  assert.equal(again.exit, 0, again.stderr);
  assert.match(again.stdout, /new {7}0 B in 0 chunks/);

  const { snapshots } = JSON.parse(call(['snapshots', '--json']).stdout);
  assert.equal(snapshots.length, 2);
  assert.equal(snapshots[0].hash, run.snapshot.hash);
  assert.match(call(['snapshots']).stdout, new RegExp(`^${run.snapshot.id}  files`, 'm'));

  const listing = JSON.parse(call(['ls', 'files', '--json'], unlocked).stdout);
  assert.deepEqual(
    listing.entries.map((entry: { path: string }) => entry.path),
    ['', 'docs', 'docs/letter.txt', 'esc\x1b[31mape', 'large', 'large-too', 'symlink'],
  );
  const shown = call(['ls', 'files', '--long', 'docs'], unlocked).stdout;
  assert.match(shown, /^-rw-r----- {2}.*docs\/letter\.txt$/m);
  assert.ok(!call(['ls', 'files', '-l'], unlocked).stdout.includes('\x1b'));

  const into = path.join(root, 'restored');
  const restored = call(['restore', 'files', '--into', into, '--at', run.snapshot.id, '--json'], unlocked);
  assert.equal(restored.exit, 0, restored.stderr);
  assert.equal(JSON.parse(restored.stdout).verdict, 'ok');
  assert.deepEqual(await differences(into), []);

  for (const level of ['list', 'checksum', 'decrypt', 'restore']) {
    const verified = call(
      ['verify', '--level', level, '--json'],
      level === 'list' || level === 'checksum' ? {} : unlocked,
    );
    assert.equal(verified.exit, 0, verified.stderr);
    assert.equal(JSON.parse(verified.stdout).verdict, 'ok', verified.stdout);
  }
});

test('parts only, a plan only, and nothing is overwritten unasked', async () => {
  const into = path.join(root, 'parts');
  const planned = call(['restore', 'files', '--into', into, '--dry-run', 'docs'], unlocked);
  assert.equal(planned.exit, 0, planned.stderr);
  assert.match(planned.stderr, /Next: .* restore files --into \S+\/parts docs --state \S+\n$/);
  await assert.rejects(readdir(into), { code: 'ENOENT' });
  assert.equal(call(['restore', 'files', '--into', into, 'docs'], unlocked).exit, 0);
  assert.deepEqual(await readdir(into), ['docs']);
  const again = call(['restore', 'files', '--into', into, 'docs'], unlocked);
  assert.equal(again.exit, 1);
  assert.match(again.stderr, /RESTORE_CONFLICT/);
});

test('a part that is not there is exit 64, and 3 beside others that are', async () => {
  const into = path.join(root, 'mistyped');
  const lost = call(['restore', 'files', '--into', into, 'dosc'], unlocked);
  assert.equal(lost.exit, 64, lost.stdout);
  await assert.rejects(readdir(into), { code: 'ENOENT' });
  assert.equal(call(['restore', 'files', '--into', into, 'docs', 'dosc'], unlocked).exit, 3);
  const listed = call(['ls', 'files', 'dosc', '--json'], unlocked);
  assert.deepEqual([listed.exit, JSON.parse(listed.stdout).entries], [64, []]);
  assert.match(listed.stderr, /matches "dosc"/);
  assert.equal(call(['ls', 'files', 'docs', 'dosc'], unlocked).exit, 3);
});

test('no passphrase and a wrong one are exit 77 and two different errors; a snapshot that is not there is exit 64', () => {
  const none = call(['restore', 'files', '--into', path.join(root, 'none')]);
  assert.equal(none.exit, 77);
  assert.match(none.stderr, /PASSPHRASE_NEEDED/);
  const wrong = call(['restore', 'files', '--into', path.join(root, 'wrong')], { env: { HOLDFAST_PASSPHRASE: 'x' } });
  assert.equal(wrong.exit, 77);
  assert.match(wrong.stderr, /WRONG_PASSPHRASE/);
  // Nobody is asked for a passphrase that could not help.
  const unknown = call(['restore', 'files', '--at', 'ffffffff']);
  assert.equal(unknown.exit, 64, unknown.stderr);
});

test('stdin is a source: stored, listed and restored by its name', async () => {
  const bytes = Buffer.from(Array.from({ length: 500_000 }, (_, i) => (i * 7919) >> 3));
  const stored = call(['run', '--stdin', 'dump.bin', '--json'], { input: bytes });
  assert.equal(stored.exit, 0, stored.stderr);
  const into = path.join(root, 'stream');
  await mkdir(into);
  const restored = call(['restore', 'dump.bin', '--into', into, '--json'], unlocked);
  assert.deepEqual([restored.exit, JSON.parse(restored.stdout).bytes], [0, bytes.length], restored.stderr);
  assert.deepEqual(await readFile(path.join(into, 'dump.bin')), bytes);
  assert.equal(call(['run', '--stdin', 'files']).exit, 64);
  assert.equal(call(['run', '--stdin', 'No Name']).exit, 64);
  assert.equal(call(['run', '--stdin', 'x', '--job', 'nothing']).exit, 64);
});

test('an interrupted run exits 130, leaves no snapshot, and the next one works', { timeout: 60_000 }, async () => {
  const child = startHoldfast(['run', '--stdin', 'endless', '--state', path.join(root, 'state')], { cwd: root });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  // When it takes this much, it is well in the middle of capturing.
  for (let i = 0; i < 64; i++) if (!child.stdin.write(Buffer.alloc(65536, i))) await once(child.stdin, 'drain');
  child.stdin.on('error', () => {});
  child.kill('SIGINT');
  const [exit] = await ended;
  assert.equal(exit, 130, said);
  const { snapshots } = JSON.parse(call(['snapshots', 'endless', '--json']).stdout);
  assert.deepEqual(snapshots, []);
  assert.equal(call(['run', '--stdin', 'endless'], { input: 'x' }).exit, 0);
});

test('a run that had to leave something out is exit 3', async () => {
  const policy = path.join(root, 'incomplete.yaml');
  const text = await readFile(path.join(root, 'holdfast.yaml'), 'utf8');
  await writeFile(policy, text.replace(/paths: \[(.*)\]/, 'paths: [$1, /not/there]\n    onMissing: skip'));
  const { exit, stdout, stderr } = call(['run', '--policy', policy]);
  assert.equal(exit, 3, stderr);
  assert.match(stdout, /incomplete: 1 thing/);
  assert.match(stderr, /skipped: .*not\/there/);
});

test('a target that is not there is exit 69', async () => {
  const policy = path.join(root, 'gone.yaml');
  const text = await readFile(path.join(root, 'holdfast.yaml'), 'utf8');
  await writeFile(policy, text.replace(/path: .*repository/, `path: ${path.join(root, 'nowhere')}`));
  for (const verb of ['run', 'snapshots', 'keys', 'verify']) {
    assert.equal(call([verb, '--policy', policy]).exit, 69, verb);
  }
});

test('a damaged object is found, named, and exit 1', async () => {
  const packs = path.join(root, 'state/repository/packs');
  const [name] = (await readdir(packs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.ok(name);
  const file = path.join(name.parentPath, name.name);
  const bytes = await readFile(file);
  const spoilt = Buffer.from(bytes);
  spoilt[100] = (spoilt[100] ?? 0) ^ 1;
  await chmod(file, 0o600);
  await writeFile(file, spoilt);
  const { exit, stdout } = call(['verify']);
  await writeFile(file, bytes);
  assert.equal(exit, 1);
  assert.match(stdout, new RegExp(name.name));
  assert.equal(call(['verify']).exit, 0);
});

test('the demo asks nothing, proves itself, and finds nothing new the second time', async () => {
  const env = { XDG_STATE_HOME: path.join(root, 'xdg'), ...unlocked.env };
  const first = holdfast(['demo', data, '--json'], { cwd: root, env });
  assert.equal(first.exit, 0, first.stderr);
  const shown = JSON.parse(first.stdout);
  assert.deepEqual(shown.comparison.differences, []);
  assert.equal(shown.verify.verdict, 'ok');
  const second = holdfast(['demo', 'data'], { cwd: root, env });
  assert.equal(second.exit, 0, second.stderr);
  assert.match(second.stdout, /new {7}0 B in 0 chunks/);
  assert.match(second.stdout, /no difference/);
  // What it tells people to go on with works as it stands.
  const [, arguments_ = ''] = /holdfast (?:-- )?(snapshots .*)$/m.exec(second.stderr) ?? [];
  const next = holdfast(arguments_.split(' '), { cwd: root, env });
  assert.equal(next.exit, 0, next.stderr);
  assert.equal(holdfast(['demo', 'nothing'], { cwd: root, env }).exit, 64);
});
