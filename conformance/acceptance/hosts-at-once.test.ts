import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateKey } from 'openpgp';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { noise } from '../kit/samples.ts';
import { assertSameContent } from './difference.ts';
import { Fleet, type FleetHost } from './fleet.ts';
import { PASSPHRASE } from './machine.ts';
import { assertExit } from './program.ts';
import { followKit } from './recovery-kit.ts';

/** The operator's. It is unlocked a few dozen times here, so its passphrase is one that costs little to try. */
const key = await generateKey({
  userIDs: { name: 'operator' },
  passphrase: PASSPHRASE,
  type: 'ecc',
  curve: 'curve25519Legacy',
  format: 'armored',
  date: new Date(Date.now() - 60_000),
  config: { s2kIterationCountByte: 96 },
});

/** Every host has both: a domain of its own, and one that all share. */
const POLICY = `retention: { own: {}, common: {} }
jobs:
  own: { source: files, targets: [local], retention: own }
  common: { source: files, targets: [local], retention: common }
domains: { together: { hosts: ["db-*"], retention: [common] } }
limits: { workers: 1 }
`;

interface Listed {
  readonly id: string;
  readonly host: string;
  readonly job: string;
  readonly trust: string;
  readonly sequence: number;
}

/** What all hosts have, and what only this one has. Bytes. */
const [SAME, OWN] = [600_000, 50_000];

async function fill(host: FleetHost, number: number): Promise<void> {
  await mkdir(join(host.data, 'folder'));
  await writeFile(join(host.data, 'folder', 'same'), noise(1, SAME));
  await writeFile(join(host.data, 'own'), noise(100 + number, OWN));
  await writeFile(join(host.data, 'name'), host.name);
}

async function runsOf(host: FleetHost, ...jobs: string[]): Promise<readonly RunReport[]> {
  const { runs } = await host.ask<{ runs: RunReport[] }>(['run', ...jobs]);
  for (const { job, verdict, problems } of runs)
    assert.deepEqual([verdict, problems], ['ok', []], `${host.name} ${job}`);
  return runs;
}

/** `work` for each, as many at a time as there are cores to do it. */
async function inPairs<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += 2) await Promise.all(all.slice(at, at + 2).map(work));
}

for (const count of [2, 8]) {
  test(`${count} hosts back up at once into one target: every snapshot restores, and what they share is stored once`, async (t) => {
    await using fleet = await Fleet.create(POLICY, key);
    const hosts = await Promise.all(Array.from({ length: count }, (_, i) => fleet.host(`db-${i + 1}`)));
    await Promise.all(hosts.map(fill));
    const [first, ...others] = hosts as [FleetHost, ...FleetHost[]];
    const codes = async (all: readonly FleetHost[], ...words: string[]) =>
      Promise.all(
        all.map(async (host) => (await host.ask<{ writer: { code: string } }>(['init', ...words])).writer.code),
      );
    const approve = async (all: readonly string[]) =>
      fleet.askOperator(['keys', 'approve', ...all, '--yes', '--key', fleet.key]);
    await approve(await codes([first]));
    // One makes the domain; then the others can be given its secret.
    await runsOf(first, 'common');
    await approve(await codes(others, '--join'));

    const reports = (await Promise.all(hosts.map((host) => runsOf(host)))).flat();
    const stored = (job: string) =>
      reports.filter((report) => report.job === job).reduce((sum, { totals }) => sum + totals.newBytes, 0);
    t.diagnostic(`new bytes of ${count} hosts: ${stored('own')} apart, ${stored('common')} together`);
    assert.ok(stored('own') >= count * (SAME + OWN), 'a domain of its own shares nothing');
    assert.ok(stored('common') < (count - 1) * (OWN + 20_000), 'what all have is stored once');

    const { snapshots } = await fleet.askOperator<{ snapshots: Listed[] }>(['snapshots']);
    const expected = hosts.flatMap(({ name }) => {
      const each = [`${name} own 1 approved`, `${name} common 1 approved`];
      return name === first.name ? [...each, `${name} common 2 approved`] : each;
    });
    const found = snapshots.map(({ host, job, sequence, trust }) => `${host} ${job} ${sequence} ${trust}`);
    assert.deepEqual(found.sort(), expected.sort());
    const verified = await fleet.askOperator<VerifyReport>(['verify', '--level', 'decrypt', '--key', fleet.key]);
    assert.deepEqual([verified.verdict, verified.findings], ['ok', []]);
    await inPairs(snapshots, async ({ id, host }) => {
      const into = fleet.place(`restored-${id}`);
      assertExit(await fleet.operate(['restore', 'files', '--at', id, '--into', into, '--key', fleet.key]), 0);
      assertSameContent(fleet.place(`data/${host}`), into);
    });
    if (count === 2) await followPage(fleet, hosts.at(-1) as FleetHost);
  });
}

/** The page of one host, where others have a source of the same name. */
async function followPage(fleet: Fleet, host: FleetHost): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), 'holdfast-empty-'));
  try {
    const printed = await host.call(['kit']);
    assertExit(printed, 0);
    const made = followKit(printed.stdout, { place, key: fleet.key, passphrase: PASSPHRASE });
    assertSameContent(host.data, join(made, 'restored/files'));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
