import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { generateRecoveryKey } from '../../agent/repository/keys/identity.ts';
import { noise } from '../kit/samples.ts';
import { assertSameContent } from './difference.ts';
import { Fleet, type FleetHost } from './fleet.ts';
import { PASSPHRASE } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

interface Joined {
  readonly changed: boolean;
  readonly writer: { readonly id: string; readonly code: string; readonly approved: boolean };
  readonly pending: readonly Failure[];
}

interface Listed {
  readonly snapshots: readonly {
    readonly id: string;
    readonly host: string;
    readonly job: string;
    readonly trust: string;
  }[];
}

const APART = 'retention: { own: {} }\njobs: { own: { source: files, targets: [local], retention: own } }\n';
const SHARED = `retention: { own: {}, common: {} }
jobs:
  own: { source: files, targets: [local], retention: own }
  common: { source: files, targets: [local], retention: common }
domains: { together: { hosts: ["db-*"], retention: [common] } }
`;

const created = new Date(Date.now() - 60_000);
const key = await generateRecoveryKey({ name: 'operator', passphrase: PASSPHRASE, created });

const codeOf = (document: { failure?: Failure }) => document.failure?.code;

/** The first host, set up and approved by the operator. */
async function first(fleet: Fleet): Promise<FleetHost> {
  const host = await fleet.host('db-1');
  await writeFile(join(host.data, 'noise'), noise(1, 400_000));
  const { writer } = await host.ask<Joined>(['init']);
  assert.equal(writer.approved, false, "it is somebody else's key that approves");
  await fleet.askOperator(['keys', 'approve', writer.code, '--yes', '--key', fleet.key]);
  return host;
}

test('a second host joins, backs up, is approved by its code, and is restored on an empty machine', async () => {
  await using fleet = await Fleet.create(APART, key);
  const two = await fleet.host('db-2');
  await writeFile(join(two.data, 'file'), 'of db-2');
  assert.equal(codeOf(await two.ask(['init', '--join'], 69)), 'TARGET_MISSING');
  await mkdir(fleet.repository, { mode: 0o700 });
  const early = await two.call(['init', '--join', '--json']);
  assertExit(early, 69);
  assert.equal(codeOf(documentOf(early)), 'NOT_A_REPOSITORY');
  assert.match(early.stderr, /first host makes it/);
  assert.deepEqual(await fleet.keys(''), [], 'it makes no repository');

  await first(fleet);
  const plain = await two.call(['init', '--json']);
  assertExit(plain, 77);
  assert.equal(codeOf(documentOf(plain)), 'REPOSITORY_EXISTS');
  assert.match(plain.stderr, /init --join/);
  assert.equal((await fleet.keys('keys/writers/')).length, 1);

  const joined = await two.call(['init', '--join']);
  assertExit(joined, 0);
  const code = /(?:\w{4}-){3}\w{4}/.exec(joined.stderr)?.[0] ?? '';
  assert.match(joined.stderr, new RegExp(`keys approve ${code} --key`));
  const again = await two.ask<Joined>(['init', '--join']);
  assert.deepEqual([again.changed, again.writer.code, again.writer.approved], [false, code, false]);
  await two.ask(['init'], 0);

  const waiting = await two.call(['run', '--json']);
  assertExit(waiting, 0);
  assert.match(waiting.stderr, new RegExp(`keys approve ${code}`));
  const { id: writer } = again.writer;
  const { snapshots } = await fleet.askOperator<Listed>(['snapshots']);
  const [theirs] = snapshots.filter(({ host }) => host === 'db-2');
  assert.equal(theirs?.trust, 'unapproved');
  const restore = ['restore', 'files', '--at', theirs?.id ?? '', '--key', fleet.key, '--into', fleet.place('restored')];
  const refused = await fleet.operate([...restore, '--json']);
  assertExit(refused, 77);
  assert.equal(codeOf(documentOf(refused)), 'WRITER_UNAPPROVED');

  const approve = (...words: string[]) => ['keys', 'approve', ...words, '--key', fleet.key];
  assert.equal(codeOf(await fleet.askOperator(approve(writer.slice(0, 8), '--yes'), 64)), 'USAGE', 'nobody compared');
  assert.equal(codeOf(await fleet.askOperator(approve(code), 64)), 'CONFIRMATION_NEEDED');
  const other = code.replace(/^./, (letter) => (letter === '0' ? '1' : '0'));
  assert.equal(codeOf(await fleet.askOperator(approve(other, '--yes'), 64)), 'USAGE');
  assert.equal((await fleet.keys('keys/approvals/')).length, 1);
  await fleet.askOperator(approve(code, '--yes'));
  assertExit(await fleet.operate(approve(code, '--yes')), 0);
  assert.equal((await fleet.keys('keys/approvals/')).length, 2, 'once is enough');

  assertExit(await fleet.operate(restore), 0);
  assertSameContent(two.data, fleet.place('restored'));
  const then = await two.call(['run', '--json']);
  assertExit(then, 0);
  assert.doesNotMatch(then.stderr, /approve/);
});

test('a join that is killed between any two writes is gone on with by saying it again', async (t) => {
  await using fleet = await Fleet.create(APART, key);
  await first(fleet);
  const nodeArgs = ['--import', import.meta.resolve('./die-at-link.ts')];
  let deaths = 0;
  for (let n = 1, survived = false; !survived; n++) {
    for (const moment of ['before', 'after']) {
      const host = await fleet.host(`db-${moment}-${n}`);
      const ended = await host.call(['init', '--join'], { nodeArgs, env: { HOLDFAST_TEST_DIE: `${n} ${moment}` } });
      survived = ended.signal === null;
      if (survived) assertExit(ended, 0);
      else deaths += 1;
      const { writer } = await host.ask<Joined>(['init', '--join']);
      const own = (await fleet.keys('keys/writers/')).filter((key) => key.endsWith(writer.id));
      assert.equal(own.length, 1);
    }
  }
  t.diagnostic(`died at ${deaths} moments`);
  assert.ok(deaths >= 4, 'it publishes at least a writer and an epoch');
  const published = await fleet.keys('keys/writers/');
  assert.equal(published.length, 1 + deaths + 2, 'no host has left a second writer behind');
});

test('in a shared domain: who has not its secret waits with that job alone, and gets it by approval', async () => {
  await using fleet = await Fleet.create(SHARED, key);
  const one = await first(fleet);
  await one.ask(['run']);
  const two = await fleet.host('db-2');
  await writeFile(join(two.data, 'noise'), noise(1, 400_000));
  const joined = await two.ask<Joined>(['init', '--join']);
  assert.deepEqual(
    joined.pending.map(({ code }) => code),
    ['JOIN_PENDING'],
  );
  const early = await two.ask<{ runs: RunReport[] }>(['run'], 77);
  const verdicts = (runs: readonly RunReport[]) =>
    runs.map(({ job, verdict, failure }) => [job, verdict, failure?.code]);
  assert.deepEqual(verdicts(early.runs), [
    ['own', 'ok', undefined],
    ['common', 'failed', 'JOIN_PENDING'],
  ]);

  await fleet.askOperator(['keys', 'approve', joined.writer.code, '--yes', '--key', fleet.key]);
  const { runs } = await two.ask<{ runs: RunReport[] }>(['run']);
  assert.deepEqual(verdicts(runs), [
    ['own', 'ok', undefined],
    ['common', 'ok', undefined],
  ]);
  assert.equal(runs[1]?.totals.size, 400_000);
  assert.ok((runs[1]?.totals.newBytes ?? 0) < 10_000, 'what the other host stored is not stored again');

  const { snapshots } = await fleet.askOperator<Listed>(['snapshots']);
  assert.equal(snapshots.length, 5);
  for (const { id, host } of snapshots) {
    const into = fleet.place(`restored-${id}`);
    assertExit(await fleet.operate(['restore', 'files', '--at', id, '--key', fleet.key, '--into', into]), 0);
    assertSameContent(fleet.place(`data/${host}`), into);
  }
  assertExit(await fleet.operate(['verify', '--level', 'decrypt', '--key', fleet.key]), 0);
});

test('gpg signs what keys request wrote, and nothing else that it signs is taken', async () => {
  await using fleet = await Fleet.create(SHARED, key);
  await (await first(fleet)).ask(['run']);
  const two = await fleet.host('db-2');
  const { writer } = await two.ask<Joined>(['init', '--join']);
  const home = fleet.place('gnupg');
  await mkdir(home, { mode: 0o700 });
  const gpg = (...args: string[]) => {
    const env = { PATH: process.env['PATH'] ?? '', GNUPGHOME: home };
    const { status, stderr } = spawnSync('gpg', ['--batch', '--yes', '--quiet', ...args], { env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  const passphrase = ['--pinentry-mode', 'loopback', '--passphrase', 'correct horse battery staple'];
  try {
    gpg(...passphrase, '--import', fleet.key);
    // Only the parts that decrypt, as one takes along who leaves the rest in a safe: it opens backups, and approves nobody.
    const parts = fleet.place('parts.asc');
    gpg(...passphrase, '--armor', '--output', parts, '--export-secret-subkeys');
    const cannot = await fleet.operate(['keys', 'approve', writer.code, '--yes', '--key', parts, '--json']);
    assertExit(cannot, 77);
    assert.equal(codeOf(documentOf(cannot)), 'KEY_CANNOT_SIGN');
    assert.match(cannot.stderr, /keys request/);
    assert.equal((await fleet.keys('keys/approvals/')).length, 1);
    assertExit(await fleet.operate(['verify', '--level', 'decrypt', '--key', parts]), 0);
    const statement = fleet.place('statement');
    const request = ['keys', 'request', writer.code, '--output', statement];
    const asked = await fleet.askOperator<{ without: string[]; approver: string }>(request);
    assert.deepEqual(asked.without, ['together'], 'only a key that opens it can give a secret');
    assert.equal(codeOf(await fleet.askOperator(request, 64)), 'USAGE', 'what is about to be signed is not replaced');
    gpg(...passphrase, '--local-user', asked.approver, '--detach-sign', statement);
    const store = (file: string, ...more: string[]) => ['keys', 'approve', writer.code, '--signature', file, ...more];

    // What was signed is another text, or another host's.
    const bytes = await readFile(statement);
    await writeFile(fleet.place('other'), Buffer.from(bytes).fill(7, bytes.length - 30, bytes.length - 29));
    for (const spoilt of ['other']) {
      const ended = await fleet.operate([...store(`${statement}.sig`, '--statement', fleet.place(spoilt)), '--json']);
      assert.ok([1, 77].includes(ended.exit ?? 0), `${ended.exit}`);
    }
    assert.equal((await fleet.keys('keys/approvals/')).length, 1);
    await fleet.askOperator(store(`${statement}.sig`));
    assert.equal((await fleet.keys('keys/approvals/')).length, 2);
    const { runs } = await two.ask<{ runs: RunReport[] }>(['run'], 77);
    assert.deepEqual(
      runs.map(({ problems, failure }) => [problems.length, failure?.code]),
      [
        [0, undefined],
        [0, 'JOIN_PENDING'],
      ],
    );

    // With a key that opens the domain and cannot sign; armored.
    await rename(statement, fleet.place('first'));
    const whole = await fleet.askOperator<{ without: string[] }>([...request, '--key', parts]);
    assert.deepEqual(whole.without, []);
    gpg(...passphrase, '--armor', '--detach-sign', statement);
    await fleet.askOperator(store(`${statement}.asc`));
    await two.ask(['run']);
  } finally {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
  }
});
