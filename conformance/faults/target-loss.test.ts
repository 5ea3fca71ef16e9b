import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertSameContent } from '../acceptance/difference.ts';
import { assertExit, documentOf, type Ended, until } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import { FaultyPlace } from './faulty-place.ts';
import type { Pause } from './pause-at-call.ts';

const MiB = 2 ** 20;

let place: FaultyPlace;
before(async () => {
  place = await FaultyPlace.create();
});
after(() => place[Symbol.asyncDispose]());

/** Where the disk of a target is when it is not mounted on the target's folder. */
const disk = () => place.machine.place('disk');

/** A target on a disk of its own, which can go and come back; the folder it is mounted on is empty without it. */
async function begin(): Promise<void> {
  await place.reset();
  await rm(disk(), { recursive: true, force: true });
  await rename(place.repository, disk());
  await mkdir(place.repository);
  mountAgain();
}

function mountAgain(): void {
  place.mounts.run('mount', '--bind', disk(), place.repository);
}

/** Runs a verb, and takes the disk away while it waits before a call. */
async function loseAt(args: readonly string[], where: Omit<Pause, 'file'>): Promise<Ended> {
  const file = place.machine.place('paused');
  const child = place.machine.start([...args, '--json'], {
    through: place.mounts.through(place.machine.folder),
    nodeArgs: ['--import', import.meta.resolve('./pause-at-call.ts')],
    env: { HOLDFAST_TEST_PAUSE: JSON.stringify({ ...where, file }) },
  });
  await until(child, () => existsSync(file));
  place.mounts.run('umount', '-l', place.repository);
  await rm(file);
  return child.ended;
}

interface Said {
  readonly failure?: { readonly code: string; readonly message: string };
  readonly runs?: readonly Said[];
}

/** It says which target is gone, and nothing was written to the folder that it left. */
function assertSaysGone(ended: Ended): void {
  assertExit(ended, 69);
  const { failure, runs } = documentOf<Said>(ended);
  const said = failure ?? runs?.[0]?.failure;
  assert.equal(said?.code, 'TARGET_MISSING', `${said?.message}`);
  assert.match(said?.message ?? '', /^target local: .* is no longer the folder it was$/);
  assert.deepEqual(readdirSync(place.repository), []);
}

test('a disk that goes in the middle of a run: at a pack, at the index, at the snapshot', async (t) => {
  const moments = [
    { of: '/packs/', nth: 1 },
    { of: '/packs/', nth: 2 },
    { of: '/indexes/', nth: 1 },
    { of: '/snapshots/', nth: 1 },
  ];
  for (const { of, nth } of moments) {
    await t.test(`${of} ${nth}`, async () => {
      await begin();
      await mkdir(join(place.machine.data, 'added'));
      for (const n of [1, 2, 3]) await writeFile(join(place.machine.data, `added/${n}`), noise(n, 4 * MiB));
      assertSaysGone(await loseAt(['run'], { call: 'link', of, nth }));
      mountAgain();
      const { snapshots } = await place.machine.ask<{ snapshots: unknown[] }>(['snapshots'], {
        through: place.mounts.through(place.machine.folder),
      });
      assert.equal(snapshots.length, 2);
      const stored = await place.assertWorksAgain();
      // What was put before is found again.
      if (nth === 2) assert.ok(stored < 12 * MiB && stored > 0, `${stored} bytes`);
      if (of === '/snapshots/') assert.equal(stored, 0);
    });
  }
});

test('a disk that goes in the middle of a restore, of a verification, of a listing', async () => {
  await begin();
  const into = place.machine.place('half');
  const restored = await loseAt(['restore', 'files', '--into', into], { call: 'open', of: '/packs/', nth: 2 });
  assert.notEqual(restored.exit, 0);
  assert.match(restored.stderr + restored.stdout, /target local: .* is no longer the folder it was/);
  // What is there has its name only because it is whole.
  for (const entry of existsSync(into) ? readdirSync(into, { recursive: true, withFileTypes: true }) : []) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    assert.deepEqual(await readFile(path), await readFile(join(place.machine.data, path.slice(into.length))));
  }
  mountAgain();
  assertSaysGone(await loseAt(['verify'], { call: 'open', of: '/snapshots/', nth: 2 }));
  mountAgain();
  assertSaysGone(await loseAt(['snapshots'], { call: 'open', of: '/snapshots/', nth: 1 }));
  mountAgain();
  await place.assertWorksAgain();
});

const copy = () => place.machine.place('copy');

/** A second target, which has what the first has. */
async function beginWithTwo(): Promise<void> {
  await place.reset();
  place.mounts.clear(copy());
  await rm(copy(), { recursive: true, force: true });
  await cp(place.whole, copy(), { recursive: true });
  const { policy } = place.machine;
  const text = await readFile(policy, 'utf8');
  if (text.includes('copy:')) return;
  const both = text
    .replace(
      /targets: \{ (local: \{.*\}) \}/,
      `targets: { $1, copy: { type: local, path: ${JSON.stringify(copy())} } }`,
    )
    .replace('targets: [local]', 'targets: [local, copy]');
  await writeFile(policy, both);
}

interface TargetFault {
  readonly name: string;
  readonly code: string;
  /** Whether the target can be read all the same. */
  readonly reads?: true;
  make(): Promise<void>;
  mend(): Promise<void>;
}

const unmount = async () => void place.mounts.run('umount', copy());

const FAULTS: readonly TargetFault[] = [
  {
    name: 'gone',
    code: 'TARGET_MISSING',
    make: () => rename(copy(), `${copy()}-away`),
    mend: () => rename(`${copy()}-away`, copy()),
  },
  {
    name: 'not mounted',
    code: 'NOT_A_REPOSITORY',
    make: async () => place.mounts.memory(copy()),
    mend: unmount,
  },
  {
    name: 'read-only',
    code: 'TARGET_READONLY',
    reads: true,
    async make() {
      place.mounts.run('mount', '--bind', copy(), copy());
      place.mounts.run('mount', '-o', 'remount,bind,ro', copy());
    },
    mend: unmount,
  },
  {
    name: 'full',
    code: 'TARGET_FULL',
    reads: true,
    async make() {
      place.mounts.memory(copy());
      place.mounts.run('cp', '-a', `${place.whole}/.`, copy());
      const [files = '', free = ''] = place.mounts.run('stat', '-f', '-c', '%c %d', copy()).trim().split(' ');
      place.mounts.remount(copy(), `nr_inodes=${Number(files) - Number(free)}`);
    },
    mend: unmount,
  },
  {
    name: 'of a newer format',
    code: 'FORMAT_NEWER',
    async make() {
      const bytes = await readFile(join(copy(), 'repository'));
      bytes[5] = 2;
      await rm(join(copy(), 'repository'));
      await writeFile(join(copy(), 'repository'), bytes);
    },
    async mend() {
      await rm(join(copy(), 'repository'));
      await cp(join(place.whole, 'repository'), join(copy(), 'repository'));
    },
  },
];

/** The target alone brings everything back. */
async function assertRestoresFrom(target: string): Promise<void> {
  const into = place.machine.place(`from-${target}`);
  assertExit(await place.call(['restore', 'files', '--target', target, '--into', into]), 0);
  assertSameContent(place.machine.data, into);
  await rm(into, { recursive: true });
}

interface ReportedTarget {
  readonly name: string;
  readonly state: string;
  readonly failure?: { readonly code: string; readonly message: string; readonly hint?: string };
  readonly copied?: { readonly snapshots: number };
}

/** A run that the other target gets: it is incomplete, and says which is left out, why, and what to do. */
async function assertLeftOut(code: string): Promise<void> {
  const ran = await place.call(['run']);
  assertExit(ran, 3);
  const [run = assert.fail()] = documentOf<{ runs: { verdict: string; targets: ReportedTarget[] }[] }>(ran).runs;
  const [local, other] = run.targets;
  assert.deepEqual([run.verdict, local?.state, other?.state], ['incomplete', 'stored', 'left out']);
  assert.equal(other?.failure?.code, code);
  assert.match(other.failure.message, /^target copy/);
  assert.match(other.failure.hint ?? '', /\w+ \w+/);
  assert.match(ran.stderr, new RegExp(`left out: target copy.*\\(${code}\\)\\n\\s+\\w+`));
}

test('one of two targets fails: the other gets the snapshot, and both are whole afterwards', async (t) => {
  for (const { name, code, reads, make, mend } of FAULTS) {
    await t.test(name, async () => {
      await beginWithTwo();
      await writeFile(join(place.machine.data, 'new file'), noise(9, 50_000));
      await make();
      await assertLeftOut(code);
      await place.assertRestores('latest', place.machine.data);
      await place.assertNothingLost();
      const verified = await place.call(['verify']);
      // Where it can be read, it shows what it lacks.
      assertExit(verified, 1);
      const { findings } = documentOf<{ findings: { object: string; failure: { code: string } }[] }>(verified);
      const listed = await place.call(['snapshots']);
      const { snapshots } = documentOf<{ snapshots: { lacking: string[] }[] }>(listed);
      assert.deepEqual(snapshots.at(-1)?.lacking, reads ? ['copy'] : []);
      const planned = await place.machine.call(['plan'], { through: place.mounts.through(place.machine.folder) });
      assert.equal(/lacks +the newest snapshot is not on target copy/.test(planned.stdout), reads === true);
      assert.equal(/lacks +target copy\b.*: the run leaves it out/.test(planned.stdout), reads !== true);
      const lacks = findings.map(({ object, failure }) => [object.replace(/\/.*/, ''), failure.code]);
      assert.deepEqual(lacks, [reads ? ['snapshots', 'COPY_MISSING'] : ['copy', code]]);
      await mend();
      await place.assertWorksAgain();
      for (const target of ['local', 'copy']) await assertRestoresFrom(target);
      assertExit(await place.call(['verify']), 0);
    });
  }
});

test('one of two goes between the two copies of a snapshot: the next run brings it there', async () => {
  await beginWithTwo();
  await rm(disk(), { recursive: true, force: true });
  await rename(copy(), disk());
  await mkdir(copy());
  place.mounts.run('mount', '--bind', disk(), copy());
  await writeFile(join(place.machine.data, 'new file'), noise(9, 50_000));
  const file = place.machine.place('paused');
  const child = place.machine.start(['run', '--json'], {
    through: place.mounts.through(place.machine.folder),
    nodeArgs: ['--import', import.meta.resolve('./pause-at-call.ts')],
    env: { HOLDFAST_TEST_PAUSE: JSON.stringify({ call: 'link', of: '/copy/snapshots/', nth: 1, file }) },
  });
  const count = (root: string) =>
    place.mounts.run('find', join(root, 'snapshots'), '-type', 'f').split('\n').length - 1;
  await until(child, () => existsSync(file) && count(place.repository) === 3);
  place.mounts.run('umount', '-l', copy());
  await rm(file);
  assertExit(await child.ended, 3);
  place.mounts.run('mount', '--bind', disk(), copy());
  assert.deepEqual([count(place.repository), count(copy())], [3, 2]);
  await place.assertWorksAgain();
  assert.deepEqual([count(place.repository), count(copy())], [4, 4]);
  assertExit(await place.call(['verify']), 0);
});
