import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { looksUnfinished } from 'holdfast/plugin';
import { assertExit } from '../../acceptance/program.ts';
import { describe, type Moments } from './moments.ts';
import { differencesOf, takePicture, unlikeFiles } from './picture.ts';
import type { Place, TakenSnapshot } from './place.ts';

const MOST_IN_A_ROW = 10;

/** Kills restores until `kills` of them were met alive; each chain of them ends with one that is let through. */
export async function killRestores(place: Place, moments: Moments, kills: number): Promise<void> {
  const { figures, machine, random } = place;
  const data = takePicture(machine.data);
  const beside = machine.place('beside');
  mkdirSync(beside, { recursive: true });
  writeFileSync(join(beside, 'file'), 'not to be touched');
  const around = takePicture(beside);
  const end = place.kills + kills;
  for (let tries = 0; place.kills < end && tries < kills * 3; ) {
    const snapshot = chosen(place);
    const into = machine.place('restored');
    const chain = 1 + random.below(MOST_IN_A_ROW);
    let conflict: readonly string[] = [];
    for (let i = 0; i < chain && place.kills < end; i++, tries++) {
      await killOne(place, moments, snapshot, into, conflict);
      // Both end well: what is kept is whole.
      conflict = ['--conflict', random.below(3) === 0 ? 'skip' : 'replace', '--yes'];
    }
    await finish(place, snapshot, into, `${chain} killed restores of ${snapshot.id}`);
    figures.hold('outside', `restores of ${snapshot.id}`, () => {
      assert.deepEqual(differencesOf(around, takePicture(beside)), []);
      assert.deepEqual(place.ledger.look(), [], 'a restore wrote to the repository');
    });
  }
  figures.hold('outside', 'all restores', () => assert.deepEqual(differencesOf(data, takePicture(machine.data)), []));
}

/** Learns which calls of a restore there are to be killed at. */
export async function traceRestore(place: Place): Promise<{ readonly moments: Moments }> {
  const [snapshot] = place.snapshots;
  assert.ok(snapshot !== undefined, 'there is nothing to restore');
  const into = place.machine.place('traced');
  const { ended, moments } = await place.traced(restoring(place, snapshot, into));
  assertExit(ended, 0);
  rmSync(into, { recursive: true });
  return { moments };
}

/** One that was not restored yet, as long as there is one. */
function chosen({ snapshots, random }: Place): TakenSnapshot {
  const unproven = snapshots.filter(({ proven }) => !proven);
  const from = unproven.length > 0 ? unproven : snapshots;
  const snapshot = from[random.below(from.length)];
  assert.ok(snapshot !== undefined, 'there is nothing to restore');
  return snapshot;
}

async function killOne(
  place: Place,
  moments: Moments,
  snapshot: TakenSnapshot,
  into: string,
  conflict: readonly string[],
): Promise<void> {
  const { figures } = place;
  const moment = moments.next();
  const ended = await place.kill('restore', [...restoring(place, snapshot, into), ...conflict], moment);
  const after = `a restore of ${snapshot.id} ${conflict.join(' ')} killed at ${describe(moment)}`;
  if (ended.signal !== 'SIGKILL') figures.hold('goes-on', after, () => assertExit(ended, 0));
  figures.hold('whole', after, () => {
    const unlike = existsSync(into) ? unlikeFiles(snapshot.picture, takePicture(into, looksUnfinished)) : [];
    figures.wrong += unlike.length;
    assert.deepEqual(unlike, []);
  });
}

/** Whether there is anything that a restore would have to replace: folders are not. */
function holdsFiles(folder: string): boolean {
  if (!existsSync(folder)) return false;
  return [...takePicture(folder, looksUnfinished).values()].some(({ kind }) => kind !== 'folder');
}

/** Restores what is there now, and proves it. */
export async function finish(
  place: Place,
  snapshot: TakenSnapshot,
  into: string,
  after: string,
  env: Record<string, string> = {},
): Promise<void> {
  const { figures, random } = place;
  if (holdsFiles(into) && random.below(8) === 0) {
    const refused = await place.call(restoring(place, snapshot, into));
    figures.hold('goes-on', `${after}, again without a conflict mode`, () => {
      assert.equal(refused.exit, 1);
      assert.match(refused.stderr, /RESTORE_CONFLICT[\s\S]*replace/, 'it says what to do');
    });
  }
  const ended = await place.call([...restoring(place, snapshot, into), '--conflict', 'replace', '--yes'], { env });
  figures.restored++;
  figures.hold('acknowledged', after, () => {
    figures.lost += ended.exit === 0 ? 0 : 1;
    assertExit(ended, 0);
    const apart = differencesOf(snapshot.picture, takePicture(into));
    figures.wrong += apart.length;
    assert.deepEqual(apart, []);
  });
  place.scratchIsEmpty(after);
  snapshot.proven = true;
  rmSync(into, { recursive: true, force: true });
}

export function restoring({ reader }: Place, { id }: TakenSnapshot, into: string): string[] {
  return ['restore', 'files', '--at', id, '--into', into, ...reader];
}
