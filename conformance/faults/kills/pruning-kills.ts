import assert from 'node:assert/strict';
import { assertExit, documentOf } from '../../acceptance/program.ts';
import { PRUNE_NOW } from '../pruned-place.ts';
import { describe, type Moments } from './moments.ts';
import type { Place } from './place.ts';
import { finish } from './restore-kills.ts';
import { letThrough } from './run-kills.ts';

const MOST_IN_A_ROW = 8;
/** What is proven of a place when its pruning is over; until then, one of them a round. */
const KEPT = 3;
/** After how many kills all that is wanted is looked for; after the last of a chain, always. */
const VERIFY_EVERY = 4;

/**
 * Forgets all but the newest snapshots and kills what prunes, until `kills` of those were met alive. Objects go from here on: what may
 * not go is what a snapshot that is wanted needs.
 */
export async function killPruning(place: Place, kills: number): Promise<void> {
  let moments: Moments | undefined;
  const end = place.kills + kills;
  for (let tries = 0; place.kills < end && tries < kills * 3; ) {
    await makeGarbage(place);
    if (moments === undefined) {
      const traced = await place.traced(PRUNE_NOW);
      assertExit(traced.ended, 0);
      moments = traced.moments;
      await isSound(place, 'a pruning');
      continue;
    }
    const chain = 1 + place.random.below(MOST_IN_A_ROW);
    for (let i = 0; i < chain && place.kills < end; i++, tries++) await killOne(place, moments);
    await goOn(place, `${chain} killed prunings`);
  }
  for (const snapshot of place.snapshots) {
    await finish(place, snapshot, place.machine.place('kept'), 'all killed prunings');
  }
}

/** New snapshots of what changed, and of all there are but the newest few it is said that nobody wants them. */
async function makeGarbage(place: Place): Promise<void> {
  const { figures, machine } = place;
  await machine.setPolicy({ recipients: ['operator'], limits: place.limits, keep: { last: KEPT } });
  for (let i = 0; i < 2; i++) {
    place.tree.change();
    await letThrough(place, 'a pruning');
  }
  const ended = await place.call(['forget', '--yes']);
  figures.hold('goes-on', 'a pruning', () => assertExit(ended, 0));
  const listed = await place.call(['snapshots', '--json']);
  const wanted = new Set(documentOf<{ snapshots: { key: string }[] }>(listed).snapshots.map(({ key }) => key));
  figures.hold('acknowledged', 'forgetting', () => assert.equal(wanted.size, KEPT));
  place.forget(({ key }) => !wanted.has(key));
}

async function killOne(place: Place, moments: Moments): Promise<void> {
  const { figures } = place;
  const moment = moments.next();
  const after = `a pruning killed at ${describe(moment)}`;
  const ended = await place.kill('prune', PRUNE_NOW, moment);
  if (ended.signal !== 'SIGKILL') figures.hold('goes-on', after, () => assertExit(ended, 0));
  lookAtWhatIsLeft(place, after);
  if (place.random.below(VERIFY_EVERY) === 0) await isSound(place, after);
}

/** The next one does what is left to do, and nothing else; a snapshot that is wanted restores. */
async function goOn(place: Place, after: string): Promise<void> {
  const { figures, snapshots, random } = place;
  const ended = await place.call(PRUNE_NOW);
  figures.hold('goes-on', after, () => assertExit(ended, 0));
  await isSound(place, after);
  const snapshot = snapshots[random.below(snapshots.length)];
  assert.ok(snapshot !== undefined, 'there is nothing to restore');
  await finish(place, snapshot, place.machine.place('kept'), after);
}

async function isSound(place: Place, after: string): Promise<void> {
  const verified = await place.call(['verify', '--level', 'list']);
  place.figures.hold('acknowledged', after, () => assertExit(verified, 0));
  lookAtWhatIsLeft(place, after);
}

/** What went was allowed to: that nothing changes holds of what is left. */
function lookAtWhatIsLeft({ figures, ledger }: Place, after: string): void {
  figures.hold('write-once', after, () => void ledger.lookAtWhatIsLeft());
}
