import assert from 'node:assert/strict';
import type { Change, Plan, Reader, RestoreRequest, Source } from 'holdfast/plugin';
import { type ConformanceCheck, notOffered } from '../kit/suite.ts';
import { capture, openSample, restore, restoreRequest, type SourceHarness } from './source-harness.ts';

type Check = ConformanceCheck<SourceHarness>;

const ACTIONS: readonly Change['action'][] = ['make', 'content', 'attributes', 'links', 'kind', 'remove'];

const toldCheck: Check = {
  name: 'a plan tells every change',
  holds:
    'plan() tells every change that a restore which replaces would make; after that restore there is none to tell.',
  async run(harness) {
    if (!harness.plugin.can.includes('in-place')) return notOffered('in-place');
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { snapshot } = await capture(open.source);
    await restore(open.source, restoreRequest(place), snapshot);
    const request = restoreRequest(place, 'replace');
    assert.deepEqual((await planned(open.source, request, snapshot)).changes, [], 'changes where nothing differs');
    await place.alter();
    const altered = await place.state();
    const { plan, changes } = await planned(open.source, request, snapshot);
    assert.deepEqual(await place.state(), altered, 'the place after plan()');
    assert.ok(changes.length > 0, 'no change was told of what was altered');
    for (const { action, path } of changes) {
      assert.ok(ACTIONS.includes(action), `${action} is no action`);
      assert.ok(path instanceof Uint8Array, 'the path of a change is bytes');
    }
    assert.deepEqual((await open.source.restore(plan, request, snapshot)).skipped, [], 'what the restore skipped');
    assert.deepEqual(await place.state(), await open.system.state(), 'the place after the restore');
    assert.deepEqual((await planned(open.source, request, snapshot)).changes, [], 'changes after the restore');
    return undefined;
  },
};

const unseenCheck: Check = {
  name: 'what was not told is not done',
  holds: 'What changed after plan(), and would have to be overwritten, stays and is skipped with RESTORE_CHANGED.',
  async run(harness) {
    if (!harness.plugin.can.includes('in-place')) return notOffered('in-place');
    await using open = await openSample(harness);
    await using place = await harness.place();
    const { snapshot } = await capture(open.source);
    await restore(open.source, restoreRequest(place), snapshot);
    const request = restoreRequest(place, 'replace');
    const { plan } = await planned(open.source, request, snapshot);
    await place.alter();
    const altered = await place.state();
    const { skipped } = await open.source.restore(plan, request, snapshot);
    assert.deepEqual(await place.state(), altered, 'what was altered after plan()');
    const codes = skipped.map(({ failure }) => failure.code);
    assert.ok(codes.includes('RESTORE_CHANGED'), `skipped with ${codes.join(', ') || 'nothing'}`);
    return undefined;
  },
};

const originalCheck: Check = {
  name: 'restores to where it was captured',
  holds: 'With `original`, what was changed in the system itself is as it was captured.',
  async run(harness) {
    if (!harness.plugin.can.includes('in-place')) return notOffered('in-place');
    await using open = await openSample(harness);
    const { alter } = open.system;
    if (alter === undefined) throw new Error('the harness: a system of a source that can in-place has alter()');
    const before = await open.system.state();
    const { snapshot } = await capture(open.source);
    await alter();
    assert.notDeepEqual(await open.system.state(), before, 'the harness: alter() must change the state');
    const request = { ...baseRequest, into: { original: true } } as const;
    const { skipped } = await restore(open.source, request, snapshot);
    assert.deepEqual(skipped, [], 'what the restore skipped');
    assert.deepEqual(await open.system.state(), before, 'the system after the restore');
    return undefined;
  },
};

/** The plan, through JSON as in the agent, and what was told. */
async function planned(
  source: Source,
  request: RestoreRequest,
  from: Reader,
): Promise<{ readonly plan: Plan; readonly changes: readonly Change[] }> {
  const changes: Change[] = [];
  const plan = await source.plan(request, from, (change) => changes.push(change));
  return { plan: JSON.parse(JSON.stringify(plan)), changes };
}

const baseRequest = { at: 'latest', select: null, conflict: 'replace', parallel: 4 } as const;

export const inPlaceChecks: readonly Check[] = [toldCheck, unseenCheck, originalCheck];
