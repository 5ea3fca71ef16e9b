import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noise } from '../kit/samples.ts';
import { assertAlike, skipComparing } from './difference.ts';
import { Machine, PASSPHRASE } from './machine.ts';
import { assertExit } from './program.ts';
import { commandsOn, followKit } from './recovery-kit.ts';

test('what is printed, typed as it stands on an empty machine, brings every byte back', {
  skip: skipComparing,
}, async () => {
  await using machine = await Machine.create();
  await mkdir(join(machine.data, "a folder's name"));
  await writeFile(join(machine.data, "a folder's name", 'noise'), noise(1, 2_000_000));
  await writeFile(join(machine.data, 'small'), 'small');
  await symlink('small', join(machine.data, 'link'));
  await machine.ask(['run']);
  const printed = await machine.call(['kit']);
  assertExit(printed, 0);
  const page = printed.stdout;
  const { page: same, ...document } = await machine.ask<{ page: string; repository: string; sources: string[] }>([
    'kit',
  ]);
  assert.equal(same, page);
  assert.deepEqual(document.sources, ['files']);
  for (const secret of [PASSPHRASE, 'PRIVATE KEY']) assert.ok(!page.includes(secret), 'there is no secret on the page');
  assert.ok(page.split('\n').length < 100, 'it is one page');

  // The host is gone: nothing is left but the data, to compare with, the target, and the key on its stick.
  const place = await mkdtemp(join(tmpdir(), 'holdfast-empty-'));
  try {
    const key = join(place, 'stick.asc');
    await rename(join(machine.state, 'recovery-key.asc'), key);
    for (const one of [machine.state, machine.policy, machine.place('recovery.asc')])
      await rm(one, { recursive: true });
    const made = followKit(page, { place, key, passphrase: PASSPHRASE });
    assertAlike(machine.data, join(made, 'restored/files'));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});

test('a page is said to be not enough as long as nobody has approved the host; and is none where nothing is backed up', async () => {
  await using machine = await Machine.create();
  await writeFile(join(machine.data, 'file'), 'x');
  await rm(join(machine.repository, 'keys/approvals'), { recursive: true });
  const printed = await machine.call(['kit']);
  assertExit(printed, 3);
  assert.match(printed.stderr, /keys approve/);
  assert.match(printed.stdout, /approved by nobody yet/);
  assert.ok(commandsOn(printed.stdout).length >= 3);
  await rm(machine.state, { recursive: true });
  assertExit(await machine.call(['kit']), 77);
  assert.ok((await readFile(machine.policy, 'utf8')).length > 0);
});

test('the page of a host that nobody has approved has the step that does it, and typed as it stands it brings the backup back', {
  skip: skipComparing,
}, async () => {
  await using machine = await Machine.create();
  await writeFile(join(machine.data, 'small'), 'small');
  await machine.ask(['run']);
  const approved = await machine.call(['kit']);
  assert.doesNotMatch(approved.stdout, /keys approve/);
  await rm(join(machine.repository, 'keys/approvals'), { recursive: true });
  const printed = await machine.call(['kit']);
  assertExit(printed, 3);
  const place = await mkdtemp(join(tmpdir(), 'holdfast-empty-'));
  try {
    const key = join(place, 'stick.asc');
    await rename(join(machine.state, 'recovery-key.asc'), key);
    for (const one of [machine.state, machine.policy, machine.place('recovery.asc')])
      await rm(one, { recursive: true });
    const made = followKit(printed.stdout, { place, key, passphrase: PASSPHRASE });
    assertAlike(machine.data, join(made, 'restored/files'));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
});
