import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { fail, type Target } from '../contract/index.ts';
import { collect, noise } from '../engine/repository.fixture.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import { codesOf, SharingHosts } from '../engine/sharing-hosts.fixture.ts';
import { repair, verify, withSnapshot } from '../recovery/reading.fixture.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import { snapshotKey } from '../repository/layout.ts';
import { refusal } from '../repository/refusal.ts';
import { encodeVoid } from '../repository/snapshot-void.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import { Store } from '../repository/store.ts';
import { fence, findDead } from './fencing.ts';
import type { PrunedPlace } from './place.ts';
import { pruneTargets } from './prune-targets.ts';

const DAY_MS = 86_400_000;
const JOB = 'job-of-db-2';
const AWAY = { code: 'TARGET_UNAVAILABLE', message: 'away', origin: 'target', permanent: false } as const;

/** Two hosts that share a domain on two targets, of which the second has one snapshot. */
async function scene(): Promise<SharingHosts> {
  const s = await SharingHosts.create(builtinPlugins, 2);
  await s.host('db-1');
  assert.equal((await s.run('db-1', noise(2, 1000))).verdict, 'ok');
  await s.host('db-2');
  await s.grant('db-2');
  assert.equal((await s.run('db-2', noise(3, 1000))).verdict, 'ok');
  return s;
}

/** A run of the second host that stores all but its snapshot. */
async function dies(s: SharingHosts, daysAgo = 0): Promise<void> {
  s.r.clock = new Date(Date.now() - daysAgo * DAY_MS);
  s.r.hooks.put = (_, key) => {
    if (key.startsWith('snapshots/')) throw new Error('the host is gone');
  };
  assert.equal((await s.run('db-2', noise(4, 200_000))).verdict, 'failed');
  delete s.r.hooks.put;
  s.r.clock = undefined;
}

/** Keeps the next snapshot from both targets, until `then` lets it go on to one or the other. */
function holdSnapshot({ r }: SharingHosts, then: (go: (...targets: string[]) => void) => Promise<void>): Promise<void> {
  const done = Promise.withResolvers<void>();
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const go = (...targets: string[]) => {
    for (const target of targets) gates.get(target)?.resolve();
  };
  r.hooks.put = (target, key) => {
    if (!key.startsWith('snapshots/')) return;
    const gate = Promise.withResolvers<void>();
    gates.set(target, gate);
    if (gates.size === 2) {
      delete r.hooks.put;
      then(go).then(done.resolve, (error: unknown) => {
        go(...gates.keys());
        done.reject(error);
      });
    }
    return gate.promise;
  };
  return done.promise;
}

/** A run of db-2 ends on the second target while it is fenced on the first. Gives the key. */
async function mixed(s: SharingHosts): Promise<string> {
  const key = await nextKey(s);
  const pruned = await place(s);
  const now = new Date();
  const held = holdSnapshot(s, async (go) => {
    const dead = await findDead(pruned, { gone: new Set([(await s.keys('db-2')).writer]), now });
    assert.equal(dead.length, 1);
    go('target-1');
    while (!(await holding(s, key)).includes('target-1')) await new Promise(setImmediate);
    assert.deepEqual(await fence(pruned, dead, now), { sessions: [], problems: [] });
    go('target-0');
  });
  const { failure } = await s.run('db-2', noise(4, 200_000));
  await held;
  assert.equal(failure?.code, 'RUN_FENCED');
  return key;
}

/** The targets of a test offer hosts no way to delete. */
function deleting({ r, store }: SharingHosts): Store {
  const targets = store.targets.map(({ name, target }) => {
    const more: Partial<Target> = { delete: (key) => r.remove(key, name) };
    return { name, target: Object.assign(Object.create(target) as Target, more) };
  });
  return new Store(targets);
}

async function reading(s: SharingHosts, away: readonly string[] = []): Promise<RepositoryReading> {
  const writers = await s.writers('db-1');
  return {
    ...{ id: writers.repository, store: deleting(s), writers, host: await s.keys('db-1'), problems: [], approvers: [] },
    ...{ unreadable: [], unavailable: away.map((target) => ({ target, failure: AWAY })) },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function prune(
  s: SharingHosts,
  o: { gone?: readonly string[]; days?: number; dryRun?: boolean; away?: readonly string[] } = {},
) {
  const { dryRun = false, days = 0, gone = [], away } = o;
  const writers = await Promise.all(gone.map(async (name) => (await s.keys(name)).writer));
  const targets = await pruneTargets({
    ...{ repository: await reading(s, away), stateFolder: s.state('db-1'), stored: [] },
    ...{ undeleteMs: 0, graceMs: 0, maxUnused: 0, mayGoOn: () => true, dryRun, gone: new Set(writers) },
    ...{ now: new Date(Date.now() + days * DAY_MS), signal: new AbortController().signal },
  });
  return targets.map(({ failure, domains: [domain] }) => {
    if (failure !== undefined) fail(failure);
    return domain ?? assert.fail('the domain was not pruned');
  });
}

async function place(s: SharingHosts): Promise<PrunedPlace> {
  const { store, writers, host = assert.fail() } = await reading(s);
  const [domain = assert.fail()] = host.domains;
  const [target = assert.fail()] = store.targets;
  const keys = domainKeys(domain.id, domain.name, domain.secret);
  const signal = new AbortController().signal;
  return {
    target,
    store,
    all: true,
    planned: new Set(),
    writers,
    host,
    keys,
    stateFolder: s.state('db-1'),
    stored: [],
    signal,
  };
}

const nextKey = async (s: SharingHosts, n = 2) => snapshotKey((await s.keys('db-2')).writer, JOB, n);

/** Targets on which something lies under a key. */
async function holding(s: SharingHosts, key: string): Promise<string[]> {
  const lists = await s.store.list('snapshots/');
  return s.store.targets.flatMap(({ name }, i) => (lists[i]?.has(key) ? [name] : []));
}

test('a run of another host that died keeps what it stored, until it is said that the host is gone', async () => {
  await using s = await scene();
  await dies(s);
  const key = await nextKey(s);
  for (const { deleted, fenced, unclaimed } of await prune(s)) {
    assert.deepEqual([deleted.count, fenced], [0, []]);
    assert.ok(unclaimed.count > 0);
  }
  const [planned, there] = await prune(s, { gone: ['db-2'], dryRun: true });
  assert.deepEqual(there?.fenced, []);
  assert.deepEqual(
    planned?.fenced.map(({ snapshot, host }) => [snapshot, host]),
    [[key, 'db-2']],
  );
  assert.deepEqual(await holding(s, key), [], 'a plan changes nothing');
  const [first, second] = await prune(s, { gone: ['db-2'] });
  assert.deepEqual([first?.fenced, first?.marked], [planned?.fenced, planned?.marked]);
  assert.deepEqual(second?.fenced, [], 'it is void on both by then');
  assert.ok((first?.deleted.count ?? 0) > 0 && (second?.deleted.count ?? 0) > 0);
  assert.deepEqual(await holding(s, key), ['target-0', 'target-1']);
  assert.deepEqual(await s.r.keys('sessions/'), []);
  assert.deepEqual((await verify(s.r, 'decrypt')).findings, []);

  // It comes back after all.
  const report = await s.run('db-2', noise(4, 200_000));
  assert.deepEqual([report.verdict, codesOf(report), report.snapshot?.sequence], ['ok', ['SNAPSHOT_VOID'], 3]);
  assert.deepEqual(codesOf(await s.run('db-2', noise(5, 1000))), [], 'it is said once');
  assert.deepEqual((await verify(s.r, 'decrypt')).findings, []);
});

test('after thirty days it needs no word; before, and where a target is away, nothing is taken for dead', async () => {
  await using s = await scene();
  await dies(s, 31);
  const key = await nextKey(s);
  // By the earlier of two clocks.
  await prune(s, { days: -2 });
  await prune(s, { away: ['nas'] });
  await prune(s, { gone: ['db-2'], away: ['nas'] });
  assert.deepEqual(await holding(s, key), []);
  const [first] = await prune(s);
  assert.deepEqual(
    first?.fenced.map(({ snapshot }) => snapshot),
    [key],
  );
});

test('a clock that is fast takes nobody for dead', async () => {
  await using s = await scene();
  await dies(s);
  await prune(s, { days: 400 });
  assert.deepEqual(await holding(s, await nextKey(s)), []);
});

test('a run that is taken for dead while it goes on fails and says why; the next stores its snapshot', async () => {
  await using s = await scene();
  const held = holdSnapshot(s, async (go) => {
    await prune(s, { gone: ['db-2'] });
    go('target-0', 'target-1');
  });
  const { failure, snapshot } = await s.run('db-2', noise(4, 200_000));
  await held;
  assert.deepEqual([failure?.code, snapshot], ['RUN_FENCED', undefined]);
  assert.match(failure?.message ?? '', /void at snapshots\//);
  const { snapshots, damaged, voids } = await listSnapshots(s.store, await s.writers());
  assert.deepEqual([snapshots.length, damaged.length, voids.length], [2, 0, 1]);
  const again = await s.run('db-2', noise(4, 200_000));
  assert.equal(again.verdict, 'ok');
  assert.deepEqual((await verify(s.r, 'decrypt')).findings, []);
});

test('of a run that ends on one target while it is fenced on the other, the snapshot counts', async () => {
  await using s = await scene();
  const key = await mixed(s);
  const { snapshots, voids } = await listSnapshots(s.store, await s.writers());
  assert.deepEqual([snapshots.some((one) => one.key === key), voids], [true, []]);
  await prune(s);
  assert.deepEqual(codesOf(await s.run('db-2', noise(5, 1000))), []);
  const found = (await verify(s.r, 'decrypt')).findings;
  assert.deepEqual(
    found.map(({ target, object, failure: { code } }) => [target, object, code]),
    [['target-0', key, 'SNAPSHOT_VOID']],
  );
  await repair(s.r);
  assert.deepEqual((await verify(s.r, 'decrypt')).findings, []);
  const { id: at = '' } = snapshots.find((one) => one.key === key) ?? {};
  await withSnapshot(s.r, async (reader) => assert.equal((await collect(reader.bytes('one'))).length, 200_000), { at });
});

test('whoever is interrupted goes on with the void that he left; a target that lacks it is brought it', async () => {
  await using s = await scene();
  await dies(s);
  const key = await nextKey(s);
  s.r.hooks.put = (target, putKey) => {
    if (putKey === key && target === 'target-1') throw new Error('the power is gone');
  };
  const { sessions, problems } = await fence(await place(s), await dead(s), new Date(0));
  assert.deepEqual([sessions, problems.map(({ code }) => code)], [[], ['RUN_NOT_FENCED']]);
  delete s.r.hooks.put;
  assert.deepEqual(await holding(s, key), ['target-0']);
  await prune(s, { gone: ['db-2'] });
  assert.deepEqual(await holding(s, key), ['target-0', 'target-1']);
  assert.equal(new Set(await Promise.all(s.store.targets.map(({ name }) => sha256(s.r.path(key, name))))).size, 1);
  await s.r.remove(key, 'target-1');
  assert.equal((await s.run('db-2', noise(5, 1000))).verdict, 'ok');
  assert.deepEqual(await holding(s, key), ['target-0', 'target-1']);
  assert.deepEqual((await verify(s.r, 'decrypt')).findings, []);
});

test('where the snapshot cannot be read, the void on another target says nothing: nothing is pruned', async () => {
  await using s = await scene();
  const key = await mixed(s);
  s.r.hooks.get = (target, read) => {
    if (read === key && target === 'target-1') fail({ ...AWAY, code: 'TARGET_IO' });
  };
  await assert.rejects(prune(s), refusal('TARGET_IO'));
  s.r.hooks.get = () => {};
  await s.r.flip(key, 100, 'target-1');
  await assert.rejects(prune(s), refusal('PRUNE_REFUSED'));
});

test('a run that could read only the void follows that: nothing is broken when the snapshot can be read again', async () => {
  await using s = await scene();
  const key = await mixed(s);
  s.r.hooks.get = (target, read) => {
    if (read === key && target === 'target-1') fail({ ...AWAY, code: 'OBJECT_MISSING' });
  };
  assert.equal((await s.run('db-2', noise(5, 1000))).verdict, 'ok');
  s.r.hooks.get = () => {};
  await prune(s);
  const { findings } = await verify(s.r, 'decrypt');
  assert.deepEqual(
    findings.map(({ failure: { code } }) => code),
    ['SNAPSHOT_VOID'],
  );
});

test('who put a void may be trusted no more: it says nothing then, and stops nobody', async () => {
  await using s = await scene();
  await s.host('db-3');
  await s.grant('db-3');
  assert.equal((await s.run('db-3', noise(7, 1000))).verdict, 'ok');
  await dies(s);
  const { repository, writer, signer } = await s.keys('db-3');
  const snapshot = await nextKey(s);
  const said = { repository, writer, snapshot, previous: '', created: new Date(0).toISOString() };
  const { bytes } = encodeVoid(said, signer);
  await s.store.put(snapshot, bytes);
  await s.disapprove('db-3');
  await prune(s);
  assert.equal((await s.run('db-2', noise(5, 1000))).verdict, 'ok');
  await prune(s);
  assert.deepEqual((await verify(s.r, 'decrypt')).findings, []);
});

test('what a void says of the snapshot before it is found by verify, and keeps nothing from being pruned', async () => {
  await using s = await scene();
  const { repository, writer, signer } = await s.keys('db-1');
  const snapshot = await nextKey(s);
  const said = { repository, writer, snapshot, previous: 'ab'.repeat(32), created: new Date(0).toISOString() };
  await s.store.put(snapshot, encodeVoid(said, signer).bytes);
  await prune(s);
  const { findings } = await verify(s.r, 'list');
  assert.deepEqual(
    findings.map(({ object, failure: { code } }) => [object, code]),
    [[snapshot, 'CHAIN_BROKEN']],
  );
});

test('a void in the place of what a host stored last does not hide that it is gone', async () => {
  await using s = await scene();
  const key = await nextKey(s, 1);
  for (const { name } of s.store.targets) await s.r.remove(key, name);
  const { repository, writer, signer } = await s.keys('db-1');
  const said = { repository, writer, snapshot: key, previous: '', created: new Date(0).toISOString() };
  await s.store.put(key, encodeVoid(said, signer).bytes);
  const report = await s.run('db-2', noise(5, 1000));
  assert.deepEqual(codesOf(report).sort(), ['SNAPSHOT_VANISHED', 'SNAPSHOT_VOID']);
});

test('nobody is fenced for a pruning that is refused, and one that cannot be fenced keeps nothing else waiting', async () => {
  await using s = await scene();
  await dies(s);
  const key = await nextKey(s);
  const other = snapshotKey((await s.keys('db-1')).writer, 'job-of-db-1', 1);
  const whole = await readFile(s.r.path(other, 'target-0'));
  for (const { name } of s.store.targets) await s.r.flip(other, 100, name);
  await assert.rejects(prune(s, { gone: ['db-2'] }), refusal('PRUNE_REFUSED'));
  assert.deepEqual(await holding(s, key), []);
  for (const { name } of s.store.targets) await writeFile(s.r.path(other, name), whole);
  s.r.hooks.put = (_, put) => {
    if (put === key) fail({ ...AWAY, code: 'TARGET_FULL' });
  };
  const [first] = await prune(s, { gone: ['db-2'] });
  assert.deepEqual([first?.fenced, first?.problems.map(({ code }) => code)], [[], ['RUN_NOT_FENCED']]);
});

async function sha256(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function dead(s: SharingHosts) {
  return findDead(await place(s), { gone: new Set([(await s.keys('db-2')).writer]), now: new Date() });
}
