import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Machine } from './machine.ts';
import { assertExit } from './program.ts';

let machine: Machine;
let policy = '';
before(async () => {
  machine = await Machine.create();
  policy = await readFile(machine.policy, 'utf8');
  await writeFile(join(machine.data, 'file'), 'x'.repeat(100_000));
});
after(() => machine[Symbol.asyncDispose]());

interface PlannedJob {
  readonly name: string;
  readonly schedule: string | null;
  readonly next: readonly string[];
  readonly last: { readonly state: string } | null;
  readonly estimate: { readonly readBytes: number; readonly storedBytes: number; readonly runs: number } | null;
  readonly keep: readonly { readonly id: string; readonly because: readonly string[] }[] | null;
  readonly remove: readonly string[] | null;
  readonly tiers:
    | readonly {
        readonly targets: readonly string[];
        readonly keep: readonly { readonly id: string; readonly because: readonly string[] }[];
        readonly remove: readonly string[];
      }[]
    | null;
}

async function planned(...args: string[]): Promise<PlannedJob> {
  const [job] = (await machine.ask<{ jobs: readonly PlannedJob[] }>(['plan', ...args])).jobs;
  assert.ok(job);
  return job;
}

const setPolicy = (from: string, to: string) => writeFile(machine.policy, policy.replace(from, to));

test('plan tells next times, and says what it does not know before the first run', async () => {
  await setPolicy('retention: standard }', 'retention: standard, schedule: every 15m }');
  const { next, last, estimate, keep } = await planned();
  assert.equal(next.length, 3);
  assert.ok(next.every((time) => Date.parse(time) % 900_000 === 0 && Date.parse(time) > Date.now() - 900_000));
  assert.deepEqual([last, estimate, keep], [null, null, []]);
});

test('plan estimates from the runs before, and tells what would be kept and removed', async () => {
  await setPolicy('keep: { last: 9 }', 'keep: { last: 2 }');
  for (const content of ['one', 'two', 'three']) {
    await writeFile(join(machine.data, 'changing'), content);
    assertExit(await machine.call(['run']), 0);
  }
  const snapshots = (await machine.snapshots()).map(({ id }) => id);
  const { last, estimate, keep, remove } = await planned();
  assert.equal(last?.state, 'ok');
  assert.equal(estimate?.runs, 2, 'the first run, which stores everything, is no measure');
  assert.equal(estimate.readBytes, 100_005);
  assert.ok(estimate.storedBytes < 10_000);
  assert.deepEqual(
    keep?.map(({ id, because }) => [id, because]),
    [
      [snapshots[2], ['the newest complete one of its group', 'last 1 of 2']],
      [snapshots[1], ['last 2 of 2']],
    ],
  );
  assert.deepEqual(remove, snapshots.slice(0, 1));
  assert.equal((await machine.snapshots()).length, 3, 'nothing was removed');
  const { stdout } = await machine.call(['plan']);
  assert.match(stdout, /expected +reads 98 KiB, stores .*2 runs before/);
  assert.match(stdout, new RegExp(`would keep 2 snapshots, and remove 1: ${snapshots[0]}`));
});

test('plan decides for each target by its own rules, and on what lies there; a hold keeps beside them', async () => {
  const snapshots = (await machine.snapshots()).map(({ id }) => id);
  const [first = '', second, third] = snapshots;
  const nas = join(machine.folder, 'nas');
  const tiers = policy
    .replace('targets: {', `targets: { nas: { type: local, path: ${nas} },`)
    .replace('keep: { last: 9 }', 'keep: { last: 2 }, targets: { nas: { keep: { last: 1 } } }')
    .replace('retention: standard }', 'retention: standard, targets: [local, nas] }')
    .replace(/(jobs: .*)targets: \[local\], /, '$1');
  const hold = (id: string) => `holds: { case: { by: legal, why: Case 117, snapshots: ["${id}"] } }\n`;
  await writeFile(machine.policy, tiers);
  assertExit(await machine.call(['init', '--yes']), 0);
  await writeFile(machine.policy, tiers + hold(first));
  const { tiers: told, remove } = await planned();
  const idsOf = (target: string) => told?.find(({ targets }) => targets.join() === target);
  assert.deepEqual(
    idsOf('local')?.keep.map(({ id }) => id),
    [third, second, first],
  );
  assert.deepEqual(idsOf('local')?.keep.at(-1)?.because, ['hold by legal without end: Case 117']);
  assert.deepEqual(idsOf('nas')?.keep, [], 'nothing was copied there yet');
  assert.deepEqual(remove, []);
  assert.match((await machine.call(['plan'])).stdout, /local: would keep 3 .*\n +nas: would keep 0 snapshots/);
  await writeFile(machine.policy, tiers + hold('00000000'));
  const { stdout, stderr } = await machine.call(['plan']);
  assert.match(stderr, /hold case names snapshot 00000000, which is on no target that was read/);
  assert.match(stdout, new RegExp(`local: would keep 2 snapshots, and remove 1: ${first}`));
  await setPolicy('keep: { last: 9 }', 'keep: { last: 2 }');
});

test('plan without its targets, and offline, says what it does not know', async () => {
  await rename(machine.repository, `${machine.repository}.away`);
  const { keep, estimate } = await planned();
  assert.deepEqual([keep, estimate?.runs], [null, 2]);
  assert.match((await machine.call(['plan'])).stdout, /retention +unknown: /);
  assert.doesNotMatch((await machine.call(['plan', '--offline'])).stdout, /retention/);
  await rename(`${machine.repository}.away`, machine.repository);
});

test('plan makes no state folder', async () => {
  const state = join(machine.folder, 'none');
  assertExit(await machine.call(['plan'], { env: { HOLDFAST_STATE: state } }), 0);
  assert.ok(!existsSync(state));
});

describe('plan --diff', () => {
  const old = () => join(machine.folder, 'old.yaml');

  test('shows what is different, for people, for a pull request and for programs', async () => {
    await writeFile(old(), policy.replace('retention: standard }', 'retention: standard, schedule: hourly }'));
    await setPolicy('retention: standard }', 'retention: standard, schedule: daily at 02:00 }');
    const call = async (...args: string[]) => {
      const ended = await machine.call(['plan', '--diff', old(), ...args]);
      assertExit(ended, 0);
      return ended.stdout;
    };
    assert.match(await call(), /^~ jobs\.files\.schedule {2}hourly → daily at 02:00\n {4}! at most 1d lie between/);
    assert.match(
      await call('--markdown'),
      /^### .*\n\n1 change, 1 to look at\.\n[\s\S]*- `jobs\.files\.schedule` changed/,
    );
    const { changes } = JSON.parse(await call('--json'));
    assert.deepEqual(changes[0].path, ['jobs', 'files', 'schedule']);
    assert.equal(changes[0].consequences[0].level, 'risk');
  });

  test('of the same policy elsewhere is empty, relative paths or not', async () => {
    await writeFile(machine.policy, policy);
    const elsewhere = join(machine.folder, 'data', 'same.yaml');
    await writeFile(elsewhere, policy);
    const ended = await machine.call(['plan', '--diff', elsewhere]);
    assertExit(ended, 0);
    assert.equal(ended.stdout, '');
  });

  test('leaves variables that are set elsewhere as they are, and refuses a policy with mistakes', async () => {
    const withVariables = policy
      .replace('{ last: 9 }', '{ last: 9 } }, other: { keep: { daily: 3 }')
      .concat('x-a: ${SET_IN_PRODUCTION}\n');
    await writeFile(old(), withVariables);
    assert.match((await machine.call(['plan', '--diff', old()])).stdout, /^- retention\.other/m);
    await writeFile(old(), policy.replace('source: files,', 'source: fils,'));
    const ended = await machine.call(['plan', '--diff', old()]);
    assertExit(ended, 78);
    assert.match(ended.stderr, /HF3001[\s\S]*old\.yaml cannot be compared/);
  });
});

describe('config show', () => {
  test('shows the merged policy of a host, with where each value was written', async () => {
    await writeFile(join(machine.folder, 'more.yaml'), 'limits: { files: 3 }\n');
    const hosts = 'hosts: { "db-*": { retention: { standard: { keep: { last: 5 } } } } }\n';
    const defaults = 'defaults: { jobs: { timeout: 2h } }\n';
    const text = policy.replace(/limits: .*\n/, '');
    await writeFile(machine.policy, `include: [more.yaml]\n${text}${hosts}${defaults}`);
    const show = async (...args: string[]) => {
      const ended = await machine.call(['config', 'show', '--host', 'db-7', ...args]);
      assertExit(ended, 0);
      return ended.stdout;
    };
    const shown = await show('--origin');
    assert.match(shown, /^ {2}files: 3 # more\.yaml:1$/m);
    assert.match(shown, /^ {6}last: 5 # holdfast\.yaml:8, from hosts\.db-\*$/m);
    assert.match(shown, /^ {4}timeout: 2h # holdfast\.yaml:9, from defaults\.jobs$/m);
    assert.match(shown, /^ {4}source: files # holdfast\.yaml:7$/m);
    assert.doesNotMatch(shown, /^(hosts|defaults|include):/m);
    assert.doesNotMatch(await show(), /#/);
    const { policy: merged, origins } = JSON.parse(await show('--origin', '--json'));
    assert.equal(merged.limits.files, 3);
    assert.equal(origins['/jobs/files/timeout'].via, 'from defaults.jobs');
    assert.equal(origins['/limits/files'].file, join(machine.folder, 'more.yaml'));
  });

  test('what it shows is the same policy again', async () => {
    const { stdout } = await machine.call(['config', 'show']);
    const again = join(machine.folder, 'again.yaml');
    await writeFile(again, stdout);
    assertExit(await machine.call(['validate', '--policy', again]), 0);
  });

  test('a policy with mistakes is shown too, with exit 78; one with a secret in it is not', async () => {
    await setPolicy('retention: standard }', 'retention: standart }');
    const ended = await machine.call(['config', 'show']);
    assertExit(ended, 78);
    assert.match(ended.stdout, /retention: standart/);
    await writeFile(machine.policy, `${policy}notifiers: { chat: { type: slack, webhook: hunter2 } }\n`);
    const refused = await machine.call(['config', 'show']);
    assertExit(refused, 78);
    assert.doesNotMatch(`${refused.stdout}${refused.stderr}`, /hunter2/);
  });
});
