import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertExit } from '../../acceptance/program.ts';
import { proveRepository } from './closing.ts';
import { describe, type Moment, type Moments } from './moments.ts';
import { takePicture } from './picture.ts';
import { Place, type PlaceOptions } from './place.ts';
import { finish } from './restore-kills.ts';

/** Kills of `init` in one place, one after the other; then of the run that makes the first epoch of another domain. */
const OF_INIT = 5;
const OF_FIRST_RUN = 3;
const INIT = ['init', '--yes', '--protect', 'data'];
/** Where the policy that `init` writes keeps backups. */
const OWN_REPOSITORY = 'state/repository';
/** Nobody gives a passphrase in every second place: then it is made, and must not be lost either. */
const UNGIVEN = { HOLDFAST_PASSPHRASE: '' };

export interface SetupMoments {
  readonly init: Moments;
  readonly firstRun: Moments;
}

/** Learns which calls there are to be killed at, in a place where nothing is. */
export async function traceSetup(options: PlaceOptions): Promise<SetupMoments> {
  await using place = await Place.create(options, OWN_REPOSITORY);
  const init = await place.traced(INIT, { env: UNGIVEN });
  assertExit(init.ended, 0);
  anotherDomain(place);
  const firstRun = await place.traced(['run'], { env: UNGIVEN });
  assertExit(firstRun.ended, 0);
  return { init: init.moments, firstRun: firstRun.moments };
}

/** How many kills such a place takes, when none comes too late. */
export const KILLS_OF_A_PLACE = OF_INIT + OF_FIRST_RUN;

/** Sets a place up while it is killed at `moments`, then shows that its keys write and read. Returns how often it was met alive. */
export async function killSetup(
  options: PlaceOptions,
  given: boolean,
  moments: { readonly init: readonly Moment[]; readonly firstRun: readonly Moment[] },
): Promise<number> {
  await using place = await Place.create(options, OWN_REPOSITORY);
  const { figures, machine } = place;
  const env = given ? {} : UNGIVEN;
  for (const moment of moments.init) await place.kill('init', INIT, moment, { env });
  const after = `init killed at ${moments.init.map(describe).join(', ')}${given ? ', with a passphrase given' : ''}`;
  const made = await place.call(INIT, { env });
  figures.hold('goes-on', after, () => assertExit(made, 0));
  await runAndRestore(place, after, env);
  anotherDomain(place);
  place.tree.change();
  for (const moment of moments.firstRun) {
    const picture = takePicture(machine.data);
    await place.kill('first run', ['run'], moment, { env });
    for (const key of place.ledger.look().filter((name) => name.startsWith('snapshots/'))) place.remember(key, picture);
  }
  await runAndRestore(place, `${after}; first runs killed at ${moments.firstRun.map(describe).join(', ')}`, env);
  figures.hold('tidy', after, () => assert.deepEqual(unfinishedIn(place), []));
  proveRepository(place);
  return place.kills;
}

/** Each process dies right after it published one thing more: passphrase, keys, policy, marker, writer, this host's keys, an epoch. */
export function everyJoint(): { readonly init: readonly Moment[]; readonly firstRun: readonly Moment[] } {
  const at = (call: string, n: number): Moment => ({ kind: 'call', die: `main ${call} ${n} after` });
  // The passphrase is made again as long as there is no key.
  const published = [1, 2, 1, 1, 1, 1, 1].map((n) => at('link', n));
  const ofFirstRun = [at('link', 1), at('renameSync', 1), at('link', 1), at('link', 1)];
  return { init: [...published, at('linkSync', 1), at('link', 1), at('renameSync', 1)], firstRun: ofFirstRun };
}

/** The moments of one place, by chance. */
export function someMoments({ init, firstRun }: SetupMoments) {
  return {
    init: init.chain(OF_INIT),
    firstRun: firstRun.chain(OF_FIRST_RUN),
  };
}

async function runAndRestore(place: Place, after: string, env: Record<string, string>): Promise<void> {
  const { figures, machine } = place;
  const picture = takePicture(machine.data);
  const ended = await place.call(['run'], { env });
  figures.hold('goes-on', after, () => assertExit(ended, 0));
  const made = place.ledger.look().filter((key) => key.startsWith('snapshots/'));
  for (const key of made) place.remember(key, picture);
  figures.hold('goes-on', after, () => assert.equal(made.length, 1, `a run left ${made.length} snapshots`));
  for (const snapshot of place.snapshots.filter(({ proven }) => !proven)) {
    await finish(place, snapshot, machine.place('proof'), after, env);
  }
}

/** Another retention class is another domain, with keys of its own, which the next run makes. */
function anotherDomain({ machine }: Place): void {
  const text = readFileSync(machine.policy, 'utf8');
  assert.match(text, /standard/);
  writeFileSync(machine.policy, text.replaceAll('standard', 'longer'));
}

/** Files of the policy's and the state folder that were on their way to being others. */
function unfinishedIn({ machine }: Place): string[] {
  const folders = [machine.folder, join(machine.folder, 'keys'), machine.state];
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return folders.flatMap((folder) => readdirSync(folder)).filter((name) => /\.(tmp|new)$/.test(name));
}
