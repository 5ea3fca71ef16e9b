import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertExit } from '../../acceptance/program.ts';
import { describe, type Moments } from './moments.ts';
import { takePicture } from './picture.ts';
import type { Place } from './place.ts';

/** Kills before the run is let through: one or several, so that what they leave adds up. */
const MOST_IN_A_ROW = 12;

/** Kills runs until `kills` of them were met alive; after some of them, in chains, lets one through. */
export async function killRuns(place: Place, moments: Moments, kills: number): Promise<void> {
  const { random } = place;
  const end = place.kills + kills;
  // Tries are bounded: kills that come too late must not go on for ever.
  for (let tries = 0; place.kills < end && tries < kills * 3; ) {
    place.tree.change();
    const chain = 1 + random.below(MOST_IN_A_ROW);
    for (let i = 0; i < chain && place.kills < end; i++, tries++) await killRun(place, moments, 'run');
    if (random.below(4) === 0) hurtCatalog(place);
    await letThrough(place, `${chain} killed runs`);
  }
}

/** Kills one run, and looks at what it left. */
export async function killRun(place: Place, moments: Moments, phase: 'run' | 'rotation'): Promise<void> {
  const { figures, ledger, machine } = place;
  const picture = takePicture(machine.data);
  const moment = moments.next();
  const after = `a ${phase} killed at ${describe(moment)}`;
  const ended = await place.kill(phase, ['run'], moment);
  let fresh: readonly string[] = [];
  figures.hold('write-once', after, () => {
    fresh = ledger.look();
  });
  const made = fresh.filter((key) => key.startsWith('snapshots/'));
  figures.hold('atomic', after, () => {
    assert.ok(made.length <= 1, `it left ${made.length} snapshots`);
    if (ended.signal !== 'SIGKILL') assertExit(ended, 0);
    if (ended.exit === 0) assert.equal(made.length, 1, 'it ended well without a snapshot');
  });
  // Killed after its commit: nobody was told, and it must be as good as one that somebody was told of.
  for (const key of made) place.remember(key, picture);
}

/** An ordinary run, which must succeed by itself. */
export async function letThrough(place: Place, after: string): Promise<void> {
  const { figures, ledger, machine } = place;
  const picture = takePicture(machine.data);
  const ended = await place.call(['run']);
  figures.hold('goes-on', after, () => assertExit(ended, 0));
  let fresh: readonly string[] = [];
  figures.hold('write-once', after, () => {
    fresh = ledger.look();
  });
  const made = fresh.filter((key) => key.startsWith('snapshots/'));
  figures.hold('goes-on', after, () => assert.equal(made.length, 1, `an ordinary run left ${made.length} snapshots`));
  for (const key of made) place.remember(key, picture);
  place.scratchIsEmpty(after);
}

/** The catalog is never the truth: whatever became of it, the next run is as complete as any. */
function hurtCatalog({ machine, random, figures }: Place): void {
  const file = join(machine.state, 'catalog.sqlite');
  const older = machine.place('older-catalog');
  const spoil: readonly (() => void)[] = [
    () => truncateSync(file, random.below(readFileSync(file).length)),
    () => writeFileSync(file, flipped(readFileSync(file), random)),
    () => writeFileSync(file, 'no catalog at all, and not a short text either'.repeat(100)),
    () => rmSync(file),
    () => rmSync(`${file}-wal`, { force: true }),
    () => {
      if (existsSync(older)) copyFileSync(older, file);
    },
  ];
  if (!existsSync(file)) return;
  const way = spoil[random.below(spoil.length)];
  if (!existsSync(older) || random.below(3) === 0) copyFileSync(file, older);
  way?.();
  figures.catalogs++;
  // Those that were set aside before: they are for people, and a hundred of them fill the disk.
  for (const name of readdirSync(machine.state)) if (name.includes('.damaged-')) rmSync(join(machine.state, name));
}

function flipped(bytes: Buffer, random: Place['random']): Buffer {
  for (let i = 0; i < 40; i++) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 + random.below(255));
  }
  return bytes;
}
