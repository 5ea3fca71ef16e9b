import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { decodeCheck, encodeCheck } from '../../agent/repository/check-record.ts';
import { loadHostKeys } from '../../agent/repository/keys/host-keys.ts';
import { noise } from '../kit/samples.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

interface History {
  readonly checks: readonly {
    readonly key: string;
    readonly target: string;
    readonly level: string;
    readonly verdict: string;
    readonly whole: boolean;
    readonly coverage: readonly { readonly level: string; readonly read: number; readonly objects: number }[];
  }[];
  readonly problems: readonly { readonly object: string; readonly failure: { readonly code: string } }[];
}

/** A machine with two targets, whose repository has as many packs as it had runs. */
async function several(packs: number): Promise<Machine> {
  const machine = await Machine.create({ moreTargets: ['offsite'] });
  for (let i = 0; i < packs; i++) {
    await writeFile(join(machine.data, `file ${i}`), noise(i, 200_000));
    await machine.ask(['run']);
  }
  return machine;
}

/** Keys of records below a target's folder. */
async function records(folder: string): Promise<string[]> {
  const writers = await readdir(join(folder, 'checks')).catch(() => []);
  const all = await Promise.all(
    writers.map(async (writer) =>
      (await readdir(join(folder, 'checks', writer))).map((name) => `checks/${writer}/${name}`),
    ),
  );
  return all.flat().sort();
}

test('sampled decrypts come round to every pack of both targets, and lie signed on both', async () => {
  await using machine = await several(4);
  const decrypt = ['verify', '--level', 'decrypt', '--sample', '1%'];
  for (let never = 3; never >= 0; never--) {
    const { coverage = [], recorded, verdict } = await machine.ask<VerifyReport>(decrypt);
    const opened = coverage.filter(({ level }) => level === 'decrypt');
    assert.deepEqual([verdict, recorded], ['ok', ['local', 'offsite']]);
    assert.deepEqual(
      opened.map((one) => [one.target, one.read, one.objects, one.never]),
      ['local', 'offsite'].map((target) => [target, 1, 4, never]),
    );
  }
  const text = await machine.call([...decrypt, '--max-time', '1ms']);
  assertExit(text, 0);
  assert.match(text.stdout, /target offsite: 1 of 4 packs opened, .* of .*; all were opened since 20\d\d-/);
  assert.match(text.stdout, /no tree was read through/);
  assert.match(text.stdout, /^ +recorded +signed, on target local, offsite$/m);
  assert.doesNotMatch(text.stdout, /proven/);

  const { checks, problems } = await machine.ask<History>(['verify', '--history']);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    checks.map(({ target, level, verdict, whole }) => [target, level, verdict, whole]),
    ['local', 'offsite'].flatMap((target) => Array(5).fill([target, 'decrypt', 'ok', false])),
  );
  for (const { coverage } of checks) {
    const [checksum, decrypt] = coverage;
    assert.ok(checksum?.level === 'checksum' && checksum.read >= 1 && checksum.read < checksum.objects);
    assert.deepEqual([decrypt?.level, decrypt?.read, decrypt?.objects], ['decrypt', 1, 4]);
  }
});

test('the history says of each target what was found there, aligned, and is of one target when that is asked', async () => {
  await using machine = await several(1);
  await machine.ask(['verify']);
  const [pack = ''] = (await machine.objects('packs')).keys();
  const file = join(machine.place('offsite'), pack);
  const bytes = await readFile(file);
  bytes[99] = (bytes[99] ?? 0) ^ 1;
  await chmod(file, 0o600);
  await writeFile(file, bytes);
  assertExit(await machine.call(['verify']), 1);
  const shown = await machine.call(['verify', '--history']);
  assertExit(shown, 0);
  const lines = shown.stdout.trimEnd().split('\n');
  const [titles = '', ...rows] = lines;
  assert.equal(rows.length, 4);
  const at = titles.indexOf('VERDICT');
  assert.deepEqual(
    rows.map((row) => [row.split(' ')[0], row.slice(at).split(' ')[0]]),
    [
      ['local', 'ok'],
      ['local', 'ok'],
      ['offsite', 'ok'],
      ['offsite', 'damaged'],
    ],
  );
  assert.match(rows[3] ?? '', /all 2 objects read \(.*\) +1 PACK_DAMAGED$/);
  const { checks } = await machine.ask<History>(['verify', '--history', '--target', 'offsite']);
  assert.deepEqual(new Set(checks.map(({ target }) => target)), new Set(['offsite']));
  // Whoever has no key to sign with can still read what others signed.
  const elsewhere = await machine.ask<History>(['verify', '--history', '--state', machine.place('recovery')]);
  assert.deepEqual(elsewhere.checks.length, 4);
  const keyless = await machine.ask<VerifyReport>(['verify', '--level', 'list', '--target', 'local'], {
    env: { HOLDFAST_STATE: machine.place('recovery') },
  });
  assert.deepEqual(keyless.recorded, []);
  assert.equal((await records(machine.repository)).length, 2);
});

test('a forged record and one of the other target are named and not believed', async () => {
  await using machine = await several(1);
  await machine.ask(['verify']);
  const [good = ''] = await records(machine.repository);
  const offsite = machine.place('offsite');
  // Whoever has the storage can write there: the last byte is of the signature, and the name is another's.
  const forged = join(machine.repository, good.replace(/-[0-9a-f]{64}$/, `-${'0'.repeat(64)}`));
  await copyFile(join(machine.repository, good), forged);
  await copyFile(join(machine.repository, good), join(offsite, good));
  const stranger = join(machine.repository, 'checks', 'ab'.repeat(16));
  await mkdir(stranger);
  await copyFile(join(machine.repository, good), join(stranger, good.slice(good.lastIndexOf('/') + 1)));
  const ended = await machine.call(['verify', '--history', '--json']);
  assertExit(ended, 1);
  const { checks, problems } = documentOf<History>(ended);
  assert.deepEqual(
    checks.map(({ target, verdict }) => [target, verdict]),
    [
      ['local', 'ok'],
      ['offsite', 'ok'],
    ],
  );
  assert.deepEqual(
    problems.map(({ object, failure }) => [object.slice(0, 20), failure.code]).sort(),
    [
      [good.slice(0, 20), 'CHECK_ELSEWHERE'],
      [good.slice(0, 20), 'OBJECT_DAMAGED'],
      [`checks/${'ab'.repeat(16)}/`.slice(0, 20), 'WRITER_UNAPPROVED'],
    ].sort(),
  );
  const text = await machine.call(['verify', '--history']);
  assert.match(text.stderr, /not believed, on target local: .*is damaged/);
  assert.match(text.stderr, /nothing is known/);
});

test('records that are all damaged are not called none', async () => {
  await using machine = await several(1);
  await machine.ask(['verify']);
  for (const folder of [machine.repository, machine.place('offsite')])
    for (const key of await records(folder)) await writeFile(join(folder, key), 'damaged');
  const text = await machine.call(['verify', '--history']);
  assertExit(text, 1);
  assert.doesNotMatch(text.stderr, /Nothing is recorded yet/);
  assert.match(text.stderr, /Nothing that is recorded can be shown/);
});

test('--no-record leaves nothing, what cannot be written to says so, and neither changes the verdict', async () => {
  await using machine = await several(1);
  const unrecorded = await machine.ask<VerifyReport>(['verify', '--no-record']);
  assert.deepEqual([unrecorded.verdict, unrecorded.recorded], ['ok', undefined]);
  assert.deepEqual([await records(machine.repository), await records(machine.place('offsite'))], [[], []]);
  const nothing = await machine.call(['verify', '--history']);
  assertExit(nothing, 0);
  assert.deepEqual([nothing.stdout, /Nothing is recorded yet/.test(nothing.stderr)], ['', true]);
  // A file where the folder is to be: nobody can write there, root neither.
  await writeFile(join(machine.repository, 'checks'), '');
  const ended = await machine.call(['verify']);
  assertExit(ended, 0);
  assert.match(ended.stdout, /nothing is damaged/);
  assert.match(ended.stdout, /recorded +signed, on target offsite$/m);
  assert.match(ended.stderr, /what was found is not recorded on target local/);
  const { checks } = documentOf<History>(await machine.call(['verify', '--history', '--json']));
  assert.deepEqual(
    checks.map(({ target }) => target),
    ['offsite'],
  );
});

test('levels that have no part to look at refuse a budget, and the history takes none', async () => {
  await using machine = await Machine.create();
  for (const level of ['list', 'restore']) {
    const ended = await machine.call(['verify', '--level', level, '--sample', '5%']);
    assertExit(ended, 64);
    assert.match(ended.stderr, /--sample and --max-time are for the levels checksum and decrypt/);
  }
  for (const words of [
    ['--sample', '5%'],
    ['--level', 'list'],
    ['--key', 'file'],
  ])
    assertExit(await machine.call(['verify', '--history', ...words]), 64);
});

test('prune clears away records that newer ones supersede', async () => {
  await using machine = await several(1);
  await machine.ask(['verify']);
  const [first = ''] = await records(machine.repository);
  // Signed as the host signs: it takes too long to verify so often.
  const own = (await loadHostKeys(machine.state)) ?? assert.fail('no keys');
  const { repository, writer, signer } = own;
  const bytes = await readFile(join(machine.repository, first));
  const check = decodeCheck(bytes, { key: first, publicKey: signer.publicKey, repository });
  for (let i = 10; i < 42; i++) {
    const ended = `2999-01-01T00:00:00.0${i}Z`;
    const made = encodeCheck({ ...check, writer, level: 'list', coverage: [], ended }, signer);
    await writeFile(join(machine.repository, made.key), made.bytes);
  }
  const planned = await machine.call(['prune', '--dry-run']);
  assertExit(planned, 0);
  assert.match(planned.stdout, /checks +2 old records of verify cleared away/);
  assert.equal((await records(machine.repository)).length, 33);
  const { targets } = await machine.ask<{ targets: { checks: number }[] }>(['prune', '--yes']);
  assert.deepEqual(
    targets.map(({ checks }) => checks),
    [2, 0],
  );
  const left = await records(machine.repository);
  assert.deepEqual([left.length, left.includes(first)], [31, true], 'the last whole checksum stays');
});
