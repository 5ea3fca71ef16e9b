import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { assertAlike, skipComparing } from './difference.ts';
import { assertExact, exactDifferences } from './exact-state.ts';
import { Machine } from './machine.ts';
import { assertExit, checkout, documentOf } from './program.ts';
import { makeExtras, unlockFlags } from './varied-extras.ts';

const asRoot = process.getuid?.() === 0;
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'];

const ways = [
  { by: 'the C library', nodeArgs: [], times: true },
  // As Node 24 does it: times to a quarter of a microsecond.
  { by: 'the tools of the system', nodeArgs: ['--import', import.meta.resolve('./without-ffi.ts')], times: false },
];

for (const { by, nodeArgs, times } of ways) {
  test(`all that a file system keeps comes back exactly, by ${by}`, { skip: skipComparing }, async () => {
    await using machine = await Machine.create();
    makeExtras(machine.data);
    const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run'], { nodeArgs });
    assert.deepEqual([runs[0]?.verdict, runs[0]?.skipped], ['ok', []]);
    const verified = await machine.ask<VerifyReport>(['verify', '--level', 'restore'], { nodeArgs });
    assert.deepEqual([verified.verdict, verified.findings], ['ok', []]);
    const into = machine.place('restored');
    const restored = await machine.ask<RestoreReport>(['restore', 'files', '--into', into], { nodeArgs });
    assert.deepEqual([restored.verdict, restored.skipped], ['ok', []]);
    assertAlike(machine.data, into);
    assertExact(machine.data, into, { times });
    const again = await machine.ask<{ runs: readonly RunReport[] }>(['run'], { nodeArgs });
    assert.equal(again.runs[0]?.totals.newChunks, 0, 'nothing has changed');
  });
}

for (const { by, nodeArgs } of ways) {
  test(`what files are given beside their content after they are known as unchanged is kept, by ${by}`, {
    skip: skipComparing,
  }, async () => {
    await using machine = await Machine.create();
    const given = {
      attribute: ['setfattr', '-n', 'user.a', '-v', 'b'],
      acl: ['setfacl', '-m', 'u:4711:r'],
      flag: ['chattr', '+d'],
    } as const;
    for (const name of [...Object.keys(given), 'plain']) writeFileSync(join(machine.data, name), name);
    // Later, since of a file that has just been changed nothing is remembered.
    await setTimeout(300);
    for (const unchanged of [0, 4]) {
      const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run'], { nodeArgs });
      assert.equal(runs[0]?.totals.unchanged, unchanged);
    }
    for (const [name, [command, ...args]] of Object.entries(given))
      execFileSync(command, [...args, join(machine.data, name)]);
    await machine.ask(['run'], { nodeArgs });
    const into = machine.place('restored');
    await machine.ask<RestoreReport>(['restore', 'files', '--into', into], { nodeArgs });
    assertExact(machine.data, into, { times: false });
  });
}

/** A comparison that finds nothing may be looking at nothing: each kind of difference is planted, and must be seen. */
test('the comparison sees each kind of difference', async () => {
  await using machine = await Machine.create();
  const [original, copy] = [machine.data, machine.place('copy')];
  makeExtras(original);
  unlockFlags(original);
  execFileSync('cp', ['-a', '--sparse=always', original, copy]);
  const before = exactDifferences(original, copy); // cp knows no flags, and made holes of all zeros
  assert.ok(before.has('reserved') && before.has('zeros') && !before.has('plain'));
  for (const [file, command, ...args] of [
    ['plain', 'setfattr', '-n', 'user.mime_type', '-v', 'text/html'],
    ['link', 'touch', '-h', '-d', '@1234567890.987654322'],
    ['times/file 0', 'touch', '-d', '@-1.000000002'],
    ['with ACLs/file', 'setfacl', '-x', 'g:4712'],
    ['times/file 1', 'chattr', '+d'],
    ['only a hole', 'fallocate', '-l', '5242881'],
    ['program', 'chmod', '0700'],
  ] as const) {
    execFileSync(command, [...args, file], { cwd: copy });
    assert.ok(!before.has(file) && exactDifferences(original, copy).has(file), file);
  }
});

/** Whether somebody else may run the program from here. */
function mayTry(t: TestContext): boolean {
  const tried = spawnSync(nobody[0] ?? '', [...nobody.slice(1), 'test', '-r', `${checkout}package.json`]);
  if (tried.status !== 0) t.diagnostic('not tried: user 65534 may not read this checkout');
  return tried.status === 0;
}

test('somebody who is not root backs up what they may read, and is told file by file what not', {
  skip: !asRoot && 'needs root to become somebody else',
}, async (t) => {
  if (!mayTry(t)) return;
  await using machine = await Machine.create();
  const at = (name: string) => join(machine.data, name);
  for (const name of ['open', 'closed', 'entered', 'listed', 'open/of root']) mkdirSync(at(name));
  const files = ['open/kept', 'open/secret', 'open/of root/kept', 'closed/hidden', 'entered/hidden', 'listed/hidden'];
  for (const name of files) writeFileSync(at(name), name);
  execFileSync('setfattr', ['-n', 'user.own', '-v', 'kept', 'open/kept'], { cwd: machine.data });
  symlinkSync('secret', at('open/link'));
  linkSync(at('open/secret'), at('open/the same secret'));
  execFileSync('chown', ['-R', '65534:65534', machine.folder]);
  execFileSync('chown', ['-R', '0:0', at('open/of root')]); // read by everybody, and O_NOATIME is for its owner only
  for (const [name, mode] of [
    ['open/secret', 0],
    ['closed', 0],
    ['entered', 0o100],
    ['listed', 0o400],
  ] as const)
    chmodSync(at(name), mode);
  const ended = await machine.call(['run', '--json'], { through: nobody });
  assertExit(ended, 3);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  const told = run?.skipped.map(({ what, failure }) => `${failure.code} ${what}`) ?? [];
  assert.deepEqual(told.sort(), [
    'SOURCE_DENIED closed',
    'SOURCE_DENIED entered',
    'SOURCE_DENIED listed/hidden',
    'SOURCE_DENIED open/secret',
    'SOURCE_DENIED open/the same secret',
  ]);
  assert.ok(run?.skipped.every(({ failure }) => failure.hint !== undefined));
  const into = machine.place('restored');
  assertExit(await machine.call(['restore', 'files', '--into', into], { through: nobody }), 0);
  const names = readdirSync(into, { recursive: true }).sort();
  assert.deepEqual(names, [
    ...['closed', 'entered', 'listed', 'open', 'open/kept', 'open/link', 'open/of root', 'open/of root/kept'],
  ]);
  const xattr = execFileSync('getfattr', ['-n', 'user.own', '--only-values', 'open/kept'], { cwd: into });
  assert.equal(xattr.toString(), 'kept');
});

test('somebody who is not root gets all that is theirs, and is told what is not', {
  skip: skipComparing || (!asRoot && 'needs root to become somebody else'),
}, async (t) => {
  if (!mayTry(t)) return;
  await using machine = await Machine.create();
  makeExtras(machine.data);
  unlockFlags(machine.data);
  await machine.ask(['run']);
  execFileSync('chown', ['-R', '65534:65534', machine.folder]);
  const into = machine.place('restored');
  const ended = await machine.call(['restore', 'files', '--into', into, '--json'], { through: nobody });
  assertExit(ended, 3);
  const { skipped } = documentOf<RestoreReport>(ended);
  const told = skipped.map(
    ({ what, failure }) => `${failure.code} ${what}: ${/without (.*)$/.exec(failure.message)?.[1]}`,
  );
  assert.deepEqual(told.filter((line) => line.startsWith('RESTORE_ATTRIBUTE')).sort(), [
    'RESTORE_ATTRIBUTE link: the extended attribute trusted.own: EPERM',
    'RESTORE_ATTRIBUTE pipe: the extended attribute trusted.own: EPERM',
    'RESTORE_ATTRIBUTE plain: the extended attribute security.own: EPERM',
    'RESTORE_ATTRIBUTE plain: the extended attribute trusted.own: EPERM',
    'RESTORE_ATTRIBUTE with ACLs: the extended attribute trusted.own: EPERM',
  ]);
  assert.ok(skipped.every(({ failure }) => failure.hint !== undefined));
});
