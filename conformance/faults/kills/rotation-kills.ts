import { writeFileSync } from 'node:fs';
import { generateKey } from 'openpgp';
import { assertExit } from '../../acceptance/program.ts';
import type { Place } from './place.ts';
import { killRun, letThrough } from './run-kills.ts';

const MOST_IN_A_ROW = 6;

/**
 * Kills runs that rotate the keys of their domain, until `kills` of them were met alive: before each chain a recipient comes or goes, so that
 * the next run begins an epoch. After each, who reads now reads what is stored now.
 */
export async function killRotations(place: Place, kills: number): Promise<void> {
  const { publicKey } = await generateKey({ userIDs: [{ name: 'Auditor' }], format: 'armored' });
  writeFileSync(place.machine.place('auditor.asc'), publicKey);
  await rotate(place, true);
  place.tree.change();
  const { ended, moments } = await place.traced(['run']);
  assertExit(ended, 0);
  place.note();
  const end = place.kills + kills;
  for (let tries = 0, isReader = true; place.kills < end && tries < kills * 3; isReader = !isReader) {
    await rotate(place, !isReader);
    place.tree.change();
    const chain = 1 + place.random.below(MOST_IN_A_ROW);
    for (let i = 0; i < chain && place.kills < end; i++, tries++) await killRun(place, moments, 'rotation');
    await letThrough(place, `${chain} killed rotations`);
  }
  await rotate(place, false);
}

async function rotate({ machine, limits }: Place, isReader: boolean): Promise<void> {
  await machine.setPolicy({ recipients: ['operator', ...(isReader ? ['auditor'] : [])], limits });
}
