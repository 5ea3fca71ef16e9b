import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { removeTree } from '../../agent/system/index.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

const PATH_MAX = 4096;
const names = Array.from({ length: 20 }, (_, n) => `${n}`.padEnd(n % 2 === 0 ? 255 : 200, 'd'));

/** Runs a script in the folder so deep that no path leads there: by one step after the other. */
function runDeep(folder: string, script: string): string {
  const steps = 'for name; do mkdir -p "$name" && cd -P "$name" || exit 1; done';
  return execFileSync('sh', ['-ec', `${steps}; ${script}`, 'sh', ...names], { cwd: folder, encoding: 'utf8' });
}

/** Files, a sparse and an empty one, names of 255 bytes, all kinds of links, a FIFO, an attribute, an ACL and times. */
const make = `
  head -c 100000 /dev/urandom >random
  head -c 6000000 /dev/urandom >large
  : >empty
  truncate -s 9000000 sparse
  echo name >"$(printf 'x%.0s' $(seq 255))"
  mkdir -p folder/below
  echo below >folder/below/file
  ln -s ../gone folder/link
  ln random folder/below/another-name
  mkfifo -m 620 pipe
  setfattr -n user.deep -v kept random
  setfattr -n user.deep -v kept folder
  setfacl -m u:4711:r random
  chmod 0750 folder; chmod 4711 empty
  touch -h -d @-1.000000001 folder/link pipe
  touch -d @1234567890.987654321 empty large folder/below folder .`;

const tell = `
  find . -printf '%P %y %m %U:%G %T@ %n %l\\n' | sort
  find . -type f -size +0 -execdir sha256sum {} + | sort
  find . -type f -execdir stat -c '%n %s' {} + | sort
  find . ! -type l -execdir getfattr -h -d -m - {} + | sort`;

test('what lies deeper than any path of a system call is backed up, verified and restored', async () => {
  await using machine = await Machine.create();
  const into = machine.place('restored');
  // What Node cannot reach, it cannot remove.
  await using _ = { [Symbol.asyncDispose]: async () => void (await Promise.all([machine.data, into].map(removeTree))) };
  runDeep(machine.data, make);
  assert.ok([machine.data, ...names].join('/').length > PATH_MAX + 255);

  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  assert.deepEqual([runs[0]?.verdict, runs[0]?.skipped], ['ok', []]);
  const verified = await machine.ask<VerifyReport>(['verify', '--level', 'restore']);
  assert.deepEqual([verified.verdict, verified.findings], ['ok', []]);
  const restored = await machine.ask<RestoreReport>(['restore', 'files', '--into', into]);
  assert.deepEqual([restored.verdict, restored.skipped], ['ok', []]);
  const original = runDeep(machine.data, tell);
  assert.ok(original.match(/user\.deep="kept"/g)?.length === 3, original);
  assert.equal(runDeep(into, tell), original);

  const again = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  assert.deepEqual(
    [again.runs[0]?.totals.newChunks, again.runs[0]?.totals.unchanged],
    [0, again.runs[0]?.totals.files],
    'nothing has changed',
  );

  runDeep(into, 'rm large; echo mine >random');
  const skipping = await machine.call(['restore', 'files', '--into', into, '--conflict', 'skip', '--json']);
  assertExit(skipping, 0);
  assert.deepEqual(documentOf<RestoreReport>(skipping).skipped, []);
  assert.equal(runDeep(into, 'stat -c %s large; cat random'), '6000000\nmine\n');
});
