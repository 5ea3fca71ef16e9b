import assert from 'node:assert/strict';
import { test } from 'node:test';
import { campaign } from './campaign.ts';

/** Five hundred are asked for. In two files, so that two are worked on at once and none takes too long. */
const KILLS = 250;
/** Of runs and restores alone. */
const OF_BOTH = 175;

/** `npm run faults -- --help` says how to try more of them, and others. */
export function testKills(seed: number): void {
  test(`${KILLS} kills of runs, restores, rotations, prunings and setups lose nothing, and leave nothing that is wrong`, async (t) => {
    t.diagnostic(`seed ${seed}: npm run faults -- --kills ${KILLS} --seed ${seed}`);
    const figures = await campaign({ kills: KILLS, seed, say: (text) => t.diagnostic(text) });
    for (const line of figures.render().split('\n')) t.diagnostic(line);
    assert.deepEqual(figures.breaches, []);
    assert.ok(
      figures.killCount >= KILLS,
      `only ${figures.killCount} processes were still running when they were killed`,
    );
    for (const phase of ['run', 'restore', 'rotation', 'prune', 'init', 'first run'] as const) {
      assert.ok(figures.killsOf(phase) > 0, `no ${phase} was killed`);
    }
    const both = (['run', 'first run', 'rotation', 'restore'] as const).reduce(
      (sum, one) => sum + figures.killsOf(one),
      0,
    );
    assert.ok(both >= OF_BOTH, `only ${both} of runs and restores`);
    const owed = figures.snapshots - figures.forgotten;
    assert.ok(owed > 0 && figures.restored >= owed, `${owed} snapshots, and only ${figures.restored} restores`);
    assert.deepEqual([figures.lost, figures.wrong, figures.storedAgain], [0, 0, 0]);
  });
}
