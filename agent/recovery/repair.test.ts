import assert from 'node:assert/strict';
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { fail } from '../contract/index.ts';
import { makeRecipient, noise, pieces, TestRepository } from '../engine/repository.fixture.ts';
import { repair, verify } from './reading.fixture.ts';

const recipient = await makeRecipient();

/** Two copies of one stream, twice. */
async function copies(): Promise<TestRepository> {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient, targets: 2 });
  for (const seed of [1, 2]) await store(r, seed);
  return r;
}

async function store(r: TestRepository, seed: number, targets = r.targets): Promise<void> {
  const report = await r.runWith(
    async (out) => {
      await out.bytes('dump', pieces(noise(seed, 50_000)), { chunker: 'cdc' });
      return { facts: null };
    },
    { targets },
  );
  assert.equal(report.verdict, 'ok');
}

const keyOf = async (r: TestRepository, prefix: string) => (await r.keys(prefix, 'target-1'))[0] ?? assert.fail(prefix);

test('a target that cannot move is told what to do by hand, and then gets its copy', async () => {
  await using r = await copies();
  Object.assign(r.hooks, { still: new Set(['target-1']) });
  const pack = await keyOf(r, 'packs/');
  await r.flip(pack, 500, 'target-1');
  const first = await repair(r);
  const [step] = first.steps;
  assert.equal(first.verdict, 'incomplete');
  assert.ok(step && 'problem' in step);
  assert.equal(step.problem?.code, 'MOVE_UNSUPPORTED');
  const [, to = assert.fail()] = /move it to (\S+) there/.exec(step.problem?.hint ?? '') ?? [];
  await mkdir(dirname(r.path(to, 'target-1')), { recursive: true });
  await rename(r.path(pack, 'target-1'), r.path(to, 'target-1'));
  const { verdict, steps } = await repair(r);
  assert.deepEqual([verdict, steps.map(({ object, action }) => [object, action])], ['ok', [[pack, 'copy']]]);
});

test('a host without any keys here heals all that names and signatures tell, also after it was killed', async () => {
  await using r = await copies();
  const stateFolder = join(r.folder, 'other-state');
  await mkdir(stateFolder);
  const other = { ...r.engine, stateFolder };
  const keys = await Promise.all(['packs/', 'indexes/', 'snapshots/', 'keys/epochs/'].map((kind) => keyOf(r, kind)));
  for (const [i, key] of keys.entries()) {
    await r.flip(key, 200, 'target-1');
    // As a repair leaves it that is killed between the two.
    if (i > 1) continue;
    const aside = r.path(`quarantine/20260102t030405006z/${key}`, 'target-1');
    await mkdir(dirname(aside), { recursive: true });
    await rename(r.path(key, 'target-1'), aside);
  }
  const report = await repair(r, {}, other);
  assert.deepEqual([report.verdict, report.lost], ['ok', []], JSON.stringify(report));
  assert.deepEqual(report.steps.map(({ object }) => object).sort(), keys.toSorted());
  assert.match(report.notes.join(), /no index key of their domain/);
});

test('only the target that is named is changed', async () => {
  await using r = await copies();
  const [snapshot, pack] = [await keyOf(r, 'snapshots/'), await keyOf(r, 'packs/')];
  await r.flip(snapshot, 200, 'target-0');
  await r.flip(pack, 500, 'target-1');
  const { verdict, steps } = await repair(r, { target: 'target-0' });
  assert.deepEqual([verdict, steps.map(({ target, object }) => [target, object])], ['ok', [['target-0', snapshot]]]);
});

test('while a target is away that may have it whole, nothing is moved', async () => {
  await using r = await copies();
  const [pack, approval] = [await keyOf(r, 'packs/'), await keyOf(r, 'keys/approvals/')];
  await r.flip(pack, 500, 'target-0');
  await r.flip(approval, -1, 'target-0');
  await rename(join(r.folder, 'target-1'), join(r.folder, 'away'));
  const { verdict, steps, lost, problems } = await repair(r, { setAsidePacks: true });
  assert.deepEqual([verdict, steps], ['lost', []]);
  assert.deepEqual(lost.map(({ object, setAside }) => [object, setAside]).toSorted(), [
    [approval, false],
    [pack, false],
  ]);
  assert.equal(problems[0]?.code, 'TARGET_MISSING');
  await rename(join(r.folder, 'away'), join(r.folder, 'target-1'));
  assert.equal((await repair(r)).verdict, 'ok');
});

test('a snapshot is brought with all it needs to where its job belongs, and nowhere else', async () => {
  await using r = await copies();
  await store(r, 3, r.targets.slice(0, 1));
  const jobs = new Map([['job', new Set(['target-0'])]]);
  assert.deepEqual((await repair(r, { jobs })).steps, []);
  const { verdict, steps } = await repair(r);
  assert.deepEqual([verdict, steps.map(({ action }) => action)], ['ok', ['catch up']]);
  assert.deepEqual(await r.keys('packs/', 'target-1'), await r.keys('packs/'));
});

test('what is whole when its turn comes is not moved, and what nobody confirms is not touched', async () => {
  await using r = await copies();
  const pack = await keyOf(r, 'packs/');
  await r.flip(pack, 500, 'target-1');
  assert.equal((await repair(r, { confirm: async () => false })).verdict, 'declined');
  const mended = await repair(r, { confirm: () => r.flip(pack, 500, 'target-1').then(() => true) });
  assert.deepEqual([mended.verdict, mended.steps.map((step) => 'state' in step && step.state)], ['ok', ['skipped']]);
  assert.deepEqual(await r.keys('quarantine/', 'target-1'), []);
});

test('what pruning and checking left that nobody can read is moved away, and so is a session of another host when that is said', async () => {
  await using r = await copies();
  await verify(r, 'list', { record: true });
  const [own, check] = [await keyOf(r, 'sessions/'), await keyOf(r, 'checks/')];
  const mark = `marks/${(await keyOf(r, 'packs/')).split('/')[1]}/${'ab'.repeat(32)}`;
  for (const { name } of r.targets) await r.flip(own, -1, name);
  await r.flip(check, -1, 'target-1');
  await mkdir(dirname(r.path(mark, 'target-1')), { recursive: true });
  await writeFile(r.path(mark, 'target-1'), noise(3, 200));
  const named = (await verify(r, 'checksum')).findings.map(({ target, object }) => `${target} ${object}`);
  const expected = [`target-0 ${own}`, ...[check, mark, own].map((key) => `target-1 ${key}`)];
  assert.deepEqual(named.toSorted(), expected);

  // To a host without keys here all sessions are another's, and may be at work.
  const stateFolder = join(r.folder, 'other-state');
  await mkdir(stateFolder);
  const planned = await repair(r, { dryRun: true }, { ...r.engine, stateFolder });
  assert.deepEqual(planned.steps.map(({ object }) => object).toSorted(), [check, mark]);
  assert.match(planned.problems[0]?.hint ?? '', /holdfast repair --set-aside-sessions/);
  assert.equal(planned.problems.length, 2);
  const asked = await repair(r, { dryRun: true, setAsideSessions: true }, { ...r.engine, stateFolder });
  assert.deepEqual([asked.steps.length, asked.problems], [4, []]);

  const { verdict, steps, lost } = await repair(r);
  assert.deepEqual([verdict, lost], ['ok', []]);
  assert.deepEqual(steps.map(({ target, object }) => `${target} ${object}`).toSorted(), expected);
  assert.deepEqual((await verify(r, 'checksum')).findings, []);
  // Pruning clears sessions that ended: what was moved away on one target is not brought back there from another.
  await r.flip(await keyOf(r, 'sessions/'), -1, 'target-1');
  assert.deepEqual(
    (await repair(r)).steps.map(({ action }) => action),
    ['replace'],
  );
  await rm(r.path(await keyOf(r, 'sessions/'), 'target-1'));
  assert.deepEqual((await repair(r)).steps, []);
});

test('of what is larger than its kind may be no more is read than shows that, and of a stranger nothing', async () => {
  await using r = await copies();
  await verify(r, 'list', { record: true });
  const [stranger, time] = ['ab'.repeat(16), '20990101t000000000z'];
  const check = (await keyOf(r, 'checks/')).replace(/\d{8}t\d{9}z/, time);
  const pack = (await keyOf(r, 'packs/')).replace(/[0-9a-f]{62}$/, '0'.repeat(62));
  const strange = [`sessions/${stranger}/${stranger}`, `checks/${stranger}/${time}-${'0'.repeat(64)}`];
  for (const key of [check, pack, ...strange]) {
    await mkdir(dirname(r.path(key, 'target-1')), { recursive: true });
    await writeFile(r.path(key, 'target-1'), '');
    // Full of holes: it takes no room.
    await truncate(r.path(key, 'target-1'), (key === check ? 60 : 65) * 1024 * 1024);
  }
  r.reads.length = 0;
  const { steps } = await repair(r, { dryRun: true });
  assert.deepEqual(steps.map(({ object }) => object).toSorted(), [check, pack]);
  const most = (key: string) => Math.max(0, ...r.reads.filter((one) => one.key === key).map(({ bytes }) => bytes));
  assert.deepEqual([check, pack, ...strange].map(most), [65_537, 8, 0, 0]);
  // Read once more before it goes: what a listing says is a hint.
  assert.equal((await repair(r)).verdict, 'ok');
  assert.equal(most(check), 65_537);
  assert.deepEqual((await verify(r, 'checksum')).findings, []);
});

test('records that a target does not give are named, and all else is looked at', async () => {
  await using r = await copies();
  await verify(r, 'list', { record: true });
  const failure = { code: 'TARGET_IO', message: 'a bad sector', origin: 'target', permanent: true } as const;
  r.hooks.get = (_, key) => {
    if (key.startsWith('checks/')) fail(failure);
  };
  const { verdict, findings, checked } = await verify(r, 'decrypt');
  assert.equal(verdict, 'damaged');
  assert.deepEqual(
    findings.map(({ object, failure: { code } }) => [object.split('/')[0], code]),
    [
      ['checks', 'TARGET_IO'],
      ['checks', 'TARGET_IO'],
    ],
  );
  assert.ok(checked.frames > 0);
});

test('packs that no index names are named again, and a folder in the place of an object is said', async () => {
  await using r = await copies();
  for (const target of ['target-0', 'target-1'])
    for (const key of await r.keys('indexes/', target)) await r.remove(key, target);
  const [pack = assert.fail()] = await r.keys('packs/', 'target-1');
  await rm(r.path(pack, 'target-1'));
  await mkdir(r.path(pack, 'target-1'));
  await writeFile(r.path(`${pack}/x`, 'target-1'), '');
  const { verdict, steps } = await repair(r);
  assert.equal(verdict, 'incomplete');
  assert.deepEqual(
    steps.map((step) => [step.target, step.action, 'problem' in step ? step.problem?.code : undefined]).toSorted(),
    [
      ['target-0', 'index', undefined],
      ['target-1', 'copy', 'TARGET_CONFLICT'],
      ['target-1', 'index', undefined],
    ],
  );
});
