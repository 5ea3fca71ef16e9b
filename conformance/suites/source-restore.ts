import assert from 'node:assert/strict';
import { failureOf, type Json } from 'holdfast/plugin';
import { expectFailure } from '../kit/expect.ts';
import { MemorySnapshot, type StoredTreeEntry } from '../kit/memory-snapshot.ts';
import { type ConformanceCheck, notOffered } from '../kit/suite.ts';
import { type Captured, capture, openSample, restore, restoreRequest, type SourceHarness } from './source-harness.ts';

type Check = ConformanceCheck<SourceHarness>;

const roundTripCheck: Check = {
  name: 'what was backed up comes back',
  holds: 'Restored into an empty place, the data equals what was captured, and nothing was skipped.',
  async run(harness) {
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { snapshot } = await capture(open.source);
    const restored = await restore(open.source, restoreRequest(place), snapshot);
    assert.deepEqual(restored.skipped, [], 'what the restore skipped');
    assert.deepEqual(JSON.parse(JSON.stringify(restored.facts)), restored.facts, 'the facts of a restore');
    assert.deepEqual(await place.state(), await open.system.state(), 'what was restored');
    return undefined;
  },
};

const planCheck: Check = {
  name: 'plan touches nothing',
  holds: 'plan() says in words what would be done and leaves the place as it was.',
  async run(harness) {
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { snapshot } = await capture(open.source);
    const before = await place.state();
    const plan = await open.source.plan(restoreRequest(place), snapshot);
    assert.ok(plan.steps.length > 0, 'a plan without a step');
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'a plan is JSON');
    assert.deepEqual(await place.state(), before, 'the place after plan()');
    return undefined;
  },
};

const conflictErrorCheck: Check = {
  name: 'conflict error refuses what exists',
  holds: 'plan() fails with RESTORE_CONFLICT when something to be written is there already, which stays as it is.',
  async run(harness) {
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { altered, snapshot } = await restoredAndAltered(open, place);
    const again = () => open.source.plan(restoreRequest(place, 'error'), snapshot);
    await expectFailure('a second restore', again, { codes: ['RESTORE_CONFLICT'] });
    assert.deepEqual(await place.state(), altered, 'the place after a refused restore');
    return undefined;
  },
};

const conflictSkipCheck: Check = {
  name: 'conflict skip leaves what exists',
  holds: 'With skip, everything that is there already stays as it is.',
  async run(harness) {
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { altered, snapshot } = await restoredAndAltered(open, place);
    await restore(open.source, restoreRequest(place, 'skip'), snapshot);
    assert.deepEqual(await place.state(), altered, 'the place after a restore that skips');
    return undefined;
  },
};

const conflictReplaceCheck: Check = {
  name: 'conflict replace brings back what was captured',
  holds: 'With replace, what was changed since is as it was captured.',
  async run(harness) {
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { snapshot } = await restoredAndAltered(open, place);
    const { skipped } = await restore(open.source, restoreRequest(place, 'replace'), snapshot);
    assert.deepEqual(skipped, [], 'what the restore skipped');
    assert.deepEqual(await place.state(), await open.system.state(), 'the place after a restore that replaces');
    return undefined;
  },
};

const abortCheck: Check = {
  name: 'an aborted restore ends',
  holds: 'When the host signals abort, restore() rejects within a second; disposing still works.',
  async run(harness) {
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { snapshot } = await capture(open.source);
    const plan = await open.source.plan(restoreRequest(place), snapshot);
    open.host.abort();
    const started = performance.now();
    await expectFailure('an aborted restore', () => open.source.restore(plan, restoreRequest(place), snapshot));
    assert.ok(performance.now() - started < 1000, 'it took longer than a second');
    return undefined;
  },
};

const escapeCheck: Check = {
  name: 'never writes outside',
  holds:
    'Paths that lead out of the folder, by their names or through a link of the tree, are refused with RESTORE_ESCAPE.',
  async run(harness) {
    await using open = await openSample(harness);
    const captured = await capture(open.source);
    const tree = await treeOf(captured);
    if (tree === undefined) return notOffered('trees');
    for (const [attack, entries] of attacks) {
      await using place = await harness.place();
      if (place.outside === undefined || !('folder' in place.into)) return notOffered('restoring into a folder');
      const before = await place.outside();
      const hostile = new MemorySnapshot(new Map([[tree, { kind: 'tree', facts: null, entries }]]));
      const refusals = await codesOf(() => open.source.plan(restoreRequest(place), hostile));
      assert.ok(refusals.includes('RESTORE_ESCAPE'), `plan() of ${attack}: ${refusals.join(', ') || 'was accepted'}`);
      // The snapshot may be another when the restore comes: what plan() saw is no protection.
      const unseen = { steps: ['-'], state: {} };
      const found = await codesOf(() => open.source.restore(unseen, restoreRequest(place), hostile));
      assert.ok(found.includes('RESTORE_ESCAPE'), `restore() of ${attack}: ${found.join(', ') || 'was accepted'}`);
      assert.deepEqual(await place.outside(), before, `${attack}: what lies outside the folder`);
    }
    return undefined;
  },
};

async function restoredAndAltered(
  open: Awaited<ReturnType<typeof openSample>>,
  place: Awaited<ReturnType<SourceHarness['place']>>,
): Promise<{ altered: Json; snapshot: MemorySnapshot }> {
  const { snapshot } = await capture(open.source);
  await restore(open.source, restoreRequest(place), snapshot);
  await place.alter();
  const altered = await place.state();
  assert.notDeepEqual(altered, await open.system.state(), 'the harness: alter() must change the state');
  return { altered, snapshot };
}

async function treeOf({ snapshot }: Captured): Promise<string | undefined> {
  for await (const part of snapshot.parts()) if (part.kind === 'tree') return part.name;
  return undefined;
}

/** The codes an action failed with or skipped for; none when it did all it was asked. */
async function codesOf(action: () => Promise<unknown>): Promise<string[]> {
  try {
    const result = await action();
    if (typeof result !== 'object' || result === null || !('skipped' in result) || !Array.isArray(result.skipped))
      return [];
    return result.skipped.map(({ failure }) => String(failure.code));
  } catch (thrown) {
    const { code, message } = failureOf(thrown, { code: '', origin: 'agent' });
    return [code || message];
  }
}

const meta = { mode: 0o755, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, mtimeNs: 0n };
const bytes = (text: string) => Buffer.from(text, 'latin1');
const root: StoredTreeEntry = { path: bytes(''), meta, kind: 'directory' };
const folder = (path: string): StoredTreeEntry => ({ path: bytes(path), meta, kind: 'directory' });
const file = (path: string): StoredTreeEntry => ({ path: bytes(path), meta, kind: 'file', data: bytes('planted') });
const link = (path: string, target: string): StoredTreeEntry => ({
  path: bytes(path),
  meta,
  kind: 'symlink',
  target: bytes(target),
});
const name = (path: string, target: string): StoredTreeEntry => ({
  path: bytes(path),
  meta,
  kind: 'hardlink',
  target: bytes(target),
});

const attacks: readonly (readonly [string, readonly StoredTreeEntry[]])[] = [
  ['a file above the root', [root, file('../planted')]],
  ['a folder above the root', [root, folder('..'), file('../planted')]],
  ['an absolute name', [root, file('/planted')]],
  ['a way out in the middle', [root, folder('a'), folder('a/..'), folder('a/../..'), file('a/../../planted')]],
  ['a name with a NUL', [root, file('a\0b')]],
  ['a file below a link of the tree', [root, link('a', '..'), file('a/planted')]],
  ['a folder below a link of the tree', [root, link('a', '..'), folder('a/planted')]],
  ['a hard link to a name outside', [root, name('a', '../secret')]],
  ['a hard link through a link of the tree', [root, link('a', '..'), name('b', 'a/secret')]],
];

export const restoreChecks: readonly Check[] = [
  roundTripCheck,
  planCheck,
  conflictErrorCheck,
  conflictSkipCheck,
  conflictReplaceCheck,
  abortCheck,
  escapeCheck,
];
