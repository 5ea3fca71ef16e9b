import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
import { type HostKeys, loadHostKeys, newHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import { restore, verify } from './reading.fixture.ts';

const recipient = await makeRecipient();

interface Scene extends AsyncDisposable {
  readonly r: TestRepository;
  readonly data: string;
  readonly source: ReturnType<TestRepository['files']>;
  readonly own: HostKeys;
  readonly other: HostKeys;
}

/** Two hosts with a source of one name: this one, and one that nobody approved and that backed up later. */
async function scene(): Promise<Scene> {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  const data = await mkdtemp(join(r.folder, 'data-'));
  await writeFile(join(data, 'file'), 'of this host');
  const source = r.files({ paths: [data] });
  assert.equal((await r.run({ source })).verdict, 'ok');
  const own = (await loadHostKeys(r.stateFolder)) as HostKeys;
  const { revision, ...other } = await become(r, newHostKeys(own.repository));
  await writeFile(join(data, 'file'), 'of another');
  r.clock = new Date(Date.now() + 3_600_000);
  const report = await r.run({ source });
  assert.equal(report.verdict, 'ok', 'a host that nobody approved still backs up');
  assert.deepEqual(
    report.problems.map(({ code }) => code),
    ['WRITER_UNAPPROVED'],
  );
  assert.match(report.problems[0]?.hint ?? '', /holdfast keys approve \w{4}(-\w{4}){3} --key/);
  await become(r, own);
  return { r, data, source, own, other, [Symbol.asyncDispose]: () => r[Symbol.asyncDispose]() };
}

/** Puts other keys into the state folder, as if this were another host. */
async function become(r: TestRepository, keys: HostKeys): Promise<HostKeys> {
  await rm(join(r.stateFolder, 'host-keys'), { force: true });
  const { revision, ...fresh } = keys;
  return saveHostKeys(r.stateFolder, fresh);
}

test('the latest is never that of a writer nobody approved; by its id it is refused, and the way out is said', async () => {
  await using s = await scene();
  const into = join(s.r.folder, 'into');
  const latest = await restore(s.r, s.source, into);
  assert.equal(latest.verdict, 'ok', JSON.stringify(latest.failure));
  assert.equal(await readFile(join(into, 'file'), 'utf8'), 'of this host');
  assert.deepEqual(
    latest.problems.map(({ code }) => code),
    ['WRITER_UNAPPROVED'],
    'that there is more is not passed over in silence',
  );

  await using store = await s.r.openStore();
  const { snapshots, unapproved } = await listSnapshots(store, await s.r.writers(store));
  assert.deepEqual([snapshots.length, unapproved.length], [1, 1]);
  const id = unapproved[0]?.snapshot?.id ?? '';
  const named = await restore(s.r, s.source, `${into}2`, { at: id });
  assert.deepEqual([named.verdict, named.failure?.code, named.failure?.origin], ['failed', 'WRITER_UNAPPROVED', 'key']);
  assert.match(named.failure?.hint ?? '', /holdfast keys approve [0-9a-f]{8} --key/);

  await s.r.approve(s.other, 'db-2');
  const approved = await restore(s.r, s.source, `${into}3`, { at: id });
  assert.equal(approved.verdict, 'ok', JSON.stringify(approved.failure));
  assert.equal(await readFile(join(`${into}3`, 'file'), 'utf8'), 'of another');
});

test('what nobody approved breaks nothing: garbage under its name is no damage, and a note says that it was not looked at', async () => {
  await using s = await scene();
  const [theirs = ''] = (await s.r.keys('snapshots/')).filter((key) => key.includes(s.other.writer));
  await s.r.flip(theirs, 100);
  await writeFile(s.r.path(theirs.replace(/1$/, '2')), 'garbage');
  for (const level of ['list', 'decrypt'] as const) {
    const report = await verify(s.r, level);
    assert.deepEqual([report.verdict, report.findings], ['ok', []]);
    assert.equal(report.checked.snapshots, 1);
    assert.equal(report.notes.length, 1);
    assert.match(report.notes[0] ?? '', /nobody whom the policy names has approved/);
  }
});

test('where all that there is nobody approved, verify and restore refuse, and do not call it well or unknown', async () => {
  await using s = await scene();
  await become(s.r, newHostKeys(s.own.repository));
  for (const key of await s.r.keys('keys/approvals/')) await s.r.remove(key);
  for (const report of [
    await verify(s.r, 'list'),
    await verify(s.r, 'list', { source: 'files' }),
    await restore(s.r, s.source, join(s.r.folder, 'into')),
  ]) {
    assert.deepEqual([report.verdict, report.failure?.code], ['failed', 'WRITER_UNAPPROVED']);
  }
  await s.r.approve(s.own, 'db-1');
  assert.equal((await verify(s.r, 'list')).verdict, 'ok');
});

test('a policy whose recipient key cannot be read trusts only this host, and says why', async () => {
  await using s = await scene();
  await rm(join(s.r.folder, 'recovery.asc'));
  const here = await restore(s.r, s.source, join(s.r.folder, 'into'));
  assert.equal(here.verdict, 'ok');
  assert.ok(here.problems.some(({ code }) => code === 'RECIPIENT_MISSING'));
  await become(s.r, newHostKeys(s.own.repository));
  assert.equal((await restore(s.r, s.source, join(s.r.folder, 'no'))).failure?.code, 'WRITER_UNAPPROVED');
});

test('an epoch of a writer nobody approved is not used, whoever refers to it', async () => {
  await using s = await scene();
  // This host's epoch, and in its place one that another signed.
  const [mine = ''] = (await s.r.keys('keys/epochs/')).filter((key) => key.includes(s.own.domains[0]?.id ?? '?'));
  const [theirs = ''] = (await s.r.keys('keys/epochs/')).filter((key) => key !== mine);
  await s.r.remove(mine);
  await writeFile(s.r.path(mine), await readFile(s.r.path(theirs)));
  const report = await restore(s.r, s.source, join(s.r.folder, 'into'));
  assert.deepEqual([report.verdict, report.failure?.code], ['failed', 'WRITER_UNAPPROVED']);
});

test('a run gives a target that came later the approvals of its writer', async () => {
  await using r = await TestRepository.create({ plugins: builtinPlugins, recipient, targets: 2 });
  const [approval = ''] = await r.keys('keys/approvals/');
  await r.remove(approval, 'target-1');
  assert.equal((await r.run()).verdict, 'ok');
  assert.deepEqual(await r.keys('keys/approvals/', 'target-1'), [approval]);
});
