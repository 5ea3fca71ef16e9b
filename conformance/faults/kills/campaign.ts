import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertExit } from '../../acceptance/program.ts';
import { Random } from '../../benchmark/random.ts';
import { close } from './closing.ts';
import { Figures } from './figures.ts';
import { everyJoint, KILLS_OF_A_PLACE, killSetup, someMoments, traceSetup } from './init-kills.ts';
import { interrupt } from './interruptions.ts';
import { Place, type PlaceOptions } from './place.ts';
import { killPruning } from './pruning-kills.ts';
import { killRestores, traceRestore } from './restore-kills.ts';
import { killRotations } from './rotation-kills.ts';
import { killRuns, letThrough } from './run-kills.ts';

export interface CampaignOptions {
  readonly seed: number;
  /** At least so many, of processes that were running. */
  readonly kills: number;
  readonly say: (text: string) => void;
}

/** Places that are worked on at a time, one process each. */
const LANES = 2;
/** Of all kills. */
const OF_SETUP = 0.08;
const OF_RESTORES = 0.28;
const OF_ROTATIONS = 0.1;
const OF_PRUNING = 0.08;
/** In one place, before its repository is proven and another is begun. */
const MOST_IN_A_PLACE = 110;
const SIGNALS = 9;

/** Kills runs, restores and setups at moments that follow from `seed`, and proves after each what must hold. */
export async function campaign(o: CampaignOptions): Promise<Figures> {
  const figures = new Figures();
  const compiled = mkdtempSync(join(tmpdir(), 'holdfast-compiled-'));
  try {
    const share = Math.ceil(o.kills / LANES);
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      const random = new Random(o.seed * LANES + lane);
      return killInLane({ random, figures, compiled }, lane, share, (text) => o.say(`lane ${lane + 1}: ${text}`));
    });
    for (const [lane, ended] of (await Promise.allSettled(lanes)).entries()) {
      // What could not even be tried: a breach like any other, beside those of the other lane.
      if (ended.status === 'rejected') figures.broken('goes-on', `lane ${lane + 1}`, ended.reason);
    }
    return figures;
  } finally {
    rmSync(compiled, { recursive: true, force: true });
  }
}

async function killInLane(
  options: PlaceOptions,
  lane: number,
  kills: number,
  say: (text: string) => void,
): Promise<void> {
  const moments = await traceSetup(options);
  // In one lane a passphrase is given, in the other one is made.
  let met = await killSetup(options, lane % 2 === 1, everyJoint());
  for (let i = 0; i < (kills * OF_SETUP) / KILLS_OF_A_PLACE; i++) {
    met += await killSetup(options, (lane + i) % 2 === 0, someMoments(moments));
  }
  say(`places set up, ${met} kills`);
  // Kills that come too late are made up for, but not for ever.
  for (let places = 0; met < kills && places < 3 + kills / MOST_IN_A_PLACE; places++) {
    met += await killInPlace(options, Math.min(kills - met, MOST_IN_A_PLACE), say);
  }
}

async function killInPlace(options: PlaceOptions, kills: number, say: (text: string) => void): Promise<number> {
  await using place = await Place.create(options);
  await place.setUp();
  await letThrough(place, 'init');
  place.tree.change();
  const run = await place.traced(['run']);
  assertExit(run.ended, 0);
  place.note();
  const [ofRestores, ofRotations, ofPruning] = [OF_RESTORES, OF_ROTATIONS, OF_PRUNING].map((share) =>
    Math.ceil(kills * share),
  ) as [number, number, number];
  await killRuns(place, run.moments, kills - ofRestores - ofRotations - ofPruning);
  await killRotations(place, ofRotations);
  say(`${place.kills} runs killed, ${place.snapshots.length} snapshots`);
  await killRestores(place, (await traceRestore(place)).moments, ofRestores);
  await interrupt(place, SIGNALS);
  await close(place);
  await killPruning(place, ofPruning);
  say(`closed after ${place.kills} kills`);
  return place.kills;
}
