import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertExit, documentOf } from '../acceptance/program.ts';
import { sha256 } from '../kit/samples.ts';
import { FaultyPlace } from './faulty-place.ts';
import { kindOf } from './object-regions.ts';

let place: FaultyPlace;
before(async () => {
  place = await FaultyPlace.create();
});
after(() => place[Symbol.asyncDispose]());

const READING = [['restore', 'files'], ['verify'], ['ls', 'files'], ['snapshots'], ['keys']] as const;
const ALL = [['run'], ...READING, ['init']] as const;

/** Each verb fails alike, `validate --connect` says it at its line, `plan` says what it cannot know. */
async function allFail(exit: number, code: string, names: RegExp): Promise<void> {
  for (const verb of ALL) await place.fails(verb, exit, code, names);
  await place.isFoundByValidate(code, names);
  await place.isToldByPlan(names);
}

test('the path is gone: every verb says so, and nothing is made in its place', async () => {
  await place.reset();
  const away = place.machine.place('away');
  await rename(place.repository, away);
  await allFail(69, 'TARGET_MISSING', /^target local: \S+\/repository is not there/);
  assert.ok(!existsSync(place.repository));
  await rename(away, place.repository);
  await place.assertWorksAgain();
});

test('the disk is not mounted: its empty mount point stays empty, also when `init` is said again', async () => {
  await place.reset();
  place.mounts.memory(place.repository);
  await allFail(69, 'NOT_A_REPOSITORY', /^target local holds no repository/);
  const { hint } = await place.fails(['init'], 69, 'NOT_A_REPOSITORY', /was set up for repository [0-9a-f]{8}$/);
  assert.match(hint ?? '', /^mount it first.*host-keys/);
  assert.equal(place.mounts.run('find', place.repository, '-mindepth', '1'), '');
  place.mounts.run('umount', place.repository);
  await place.assertWorksAgain();
});

test('the target is read-only: what reads works, what writes says so', async () => {
  await place.reset();
  place.mounts.memory(place.repository);
  place.mounts.run('cp', '-a', `${place.whole}/.`, place.repository);
  place.mounts.remount(place.repository, 'ro');
  for (const verb of [...READING, ['init']]) assertExit(await place.call(verb), 0);
  await place.fails(['run'], 69, 'TARGET_READONLY', /^target local: .*read-only \(EROFS\)$/);
  await place.isFoundByValidate('TARGET_READONLY', /^target local: .*read-only/);
  place.mounts.remount(place.repository, 'rw');
  await place.assertWorksAgain();
  place.mounts.run('umount', place.repository);
});

test('a file, other things, a marker that is empty or a folder: no repository, and left as it is', async (t) => {
  const cases: Record<string, { make(): Promise<void>; code: string; names: RegExp; init?: string }> = {
    'a file': {
      make: () => writeFile(place.repository, 'a letter'),
      code: 'TARGET_MISSING',
      names: /^target local: .* is not a folder/,
    },
    'other things': {
      async make() {
        await mkdir(join(place.repository, 'keys'), { recursive: true });
        await writeFile(join(place.repository, 'letter.txt'), 'a letter');
      },
      code: 'NOT_A_REPOSITORY',
      names: /^target local holds no repository/,
    },
    'an empty marker': {
      async make() {
        await mkdir(place.repository);
        await writeFile(join(place.repository, 'repository'), '');
      },
      code: 'NOT_A_REPOSITORY',
      names: /^target local: repository is not the marker/,
    },
    'a marker that is a folder': {
      make: async () => void (await mkdir(join(place.repository, 'repository'), { recursive: true })),
      code: 'NOT_A_REPOSITORY',
      names: /^target local holds no repository/,
    },
  };
  for (const [name, { make, code, names }] of Object.entries(cases)) {
    await t.test(name, async () => {
      await place.reset();
      await rm(place.repository, { recursive: true });
      await make();
      const before = listed(place.repository);
      for (const verb of [['run'], ['verify'], ['init']]) await place.fails(verb, 69, code, names);
      await place.isFoundByValidate(code, names);
      assert.deepEqual(listed(place.repository), before);
    });
  }
  await t.test('for a host that is new, too', async () => {
    await place.reset();
    await rm(place.machine.state, { recursive: true });
    await rm(place.repository, { recursive: true });
    await mkdir(place.repository);
    await writeFile(join(place.repository, 'letter.txt'), 'a letter');
    await place.fails(
      ['init'],
      69,
      'TARGET_OCCUPIED',
      /^target local holds no repository, but other things: letter.txt$/,
    );
    assert.deepEqual(await readdir(place.repository), ['letter.txt']);
  });
});

test('a marker that was lost is made anew by `init`, and until then everything can be read', async () => {
  await place.reset();
  await rm(join(place.repository, 'repository'));
  await place.fails(['run'], 69, 'NOT_A_REPOSITORY', /^target local holds no repository/);
  await place.assertNothingLost();
  const ended = await place.call(['verify']);
  assertExit(ended, 1);
  assert.match(ended.stdout, /"object": "repository"/);
  assertExit(await place.call(['init']), 0);
  assert.deepEqual(
    readFileSync(join(place.repository, 'repository')).subarray(0, TO_ITS_ID),
    (await marker()).subarray(0, TO_ITS_ID),
  );
  await place.assertWorksAgain();
});

/** header, map, "id", text: what a marker begins with (FORMAT.md, 5 and 7); its time comes after. */
const TO_ITS_ID = 8 + 1 + 3 + 2 + 32;

const marker = () => readFile(join(place.whole, 'repository'));

function listed(path: string): string[] | string {
  return statSync(path).isDirectory()
    ? (readdirSync(path, { recursive: true }) as string[]).sort()
    : readFileSync(path, 'utf8');
}

/** Puts an object of the newest format beside the newest of its kind, or in its place where the key allows no other. */
async function makeNewer(kind: string): Promise<string> {
  const keys = listed(place.whole) as string[];
  const objects = keys.filter((key) => /^(repository|keys\/\w+\/.*\w{32}|\w+\/.*(\w{64}|\d{10}))$/.test(key));
  const key = objects.findLast((name) => kindOf(name) === kind && !/\/\w{2}$/.test(name)) ?? assert.fail(kind);
  const bytes = await readFile(join(place.whole, key));
  bytes[5] = 2;
  bytes[6] = 2;
  const name = sha256(bytes);
  const own = kind === 'pack' ? key.replace(/\w{2}\/\w{64}$/, `${name.slice(0, 2)}/${name}`) : key;
  const at = ['index', 'approval'].includes(kind) ? own.replace(/\w{64}$/, name) : own;
  await place.put(at, bytes);
  return at;
}

test('a marker of a newer format: every verb asks for a newer agent, and touches nothing', async () => {
  await place.reset();
  await makeNewer('marker');
  const before = listed(place.repository);
  await allFail(
    1,
    'FORMAT_NEWER',
    /^target local: repository has format version 2, suite 2; this agent reads version 1/,
  );
  assert.deepEqual(listed(place.repository), before);
  await place.put('repository', await marker());
  await place.assertWorksAgain();
});

for (const kind of ['writer', 'approval', 'epoch', 'pack', 'index', 'snapshot'] as const) {
  test(`a newer ${kind}: named, never taken for damage or removed, and no earlier snapshot is lost`, async () => {
    await place.reset();
    const key = await makeNewer(kind);
    const newer = await readFile(join(place.repository, key));
    const verified = await place.call(['verify']);
    assertExit(verified, 1);
    const { findings } = documentOf<{ findings: { object: string; failure: { code: string; hint?: string } }[] }>(
      verified,
    );
    const found = findings.filter(({ object }) => object === key);
    assert.ok(found.length > 0, JSON.stringify(findings));
    for (const { failure } of found) assert.match(`${failure.code} ${failure.hint}`, /^FORMAT_NEWER Upgrade/);
    const ran = await place.call(['run']);
    assertExit(ran, 0);
    assert.ok(ran.stderr.includes(key) && /Upgrade/.test(ran.stderr), ran.stderr);
    assert.deepEqual(await readFile(join(place.repository, key)), newer);
    await place.assertRestores('latest', place.machine.data);
    if (kind !== 'epoch') await place.assertNothingLost();
    if (kind !== 'epoch') return;
    await place.put(key, await readFile(join(place.whole, key)));
    await place.assertNothingLost();
  });
}
