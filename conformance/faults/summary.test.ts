import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Figures } from './kills/figures.ts';
import { Summary, sumsOfKills } from './summary.ts';
import type { Sums } from './sweep/tally.ts';

const swept: Sums = {
  sweep: 'run, operations of its target',
  seed: 7,
  seconds: 3,
  cases: 20,
  tried: { 'run: error': 4, 'run: torn': 2 },
  snapshotsLost: 0,
  wrongBytes: 0,
  breaches: [],
};

test('one summary adds up kills and sweeps of several seeds', () => {
  const figures = new Figures();
  for (let i = 0; i < 3; i++) figures.killed('run', 'call');
  const summary = new Summary();
  summary.add([sumsOfKills(figures, { seed: 7, kills: 3 }), swept]);
  summary.add([{ ...swept, seed: 8 }]);
  assert.ok(summary.held);
  const text = summary.render();
  for (const line of [
    '3  killed: run, by call',
    '8  run: error',
    '4  run: torn',
    '15  faults tried, of 43; seeds 7, 8',
  ]) {
    assert.ok(text.includes(line), text);
  }
  assert.ok(text.includes('snapshots lost: 0; wrong bytes: 0; breaches: 0'), text);
});

test('what did not hold is named with its seed: a breach, a snapshot lost, wrong bytes, kills that came too late', () => {
  const bad: Partial<Sums>[] = [{ breaches: ['after run, torn: gone'] }, { snapshotsLost: 1 }, { wrongBytes: 1 }];
  for (const one of bad) {
    const summary = new Summary();
    summary.add([swept, { ...swept, ...one }]);
    assert.equal(summary.held, false, JSON.stringify(one));
  }
  const summary = new Summary();
  summary.add([{ ...swept, ...bad[0] }, sumsOfKills(new Figures(), { seed: 9, kills: 1 })]);
  assert.equal(summary.held, false);
  assert.match(summary.render(), /✖ run, operations of its target, seed 7: after run, torn: gone/);
  assert.match(summary.render(), /✖ kills, seed 9: only 0 of 1 processes/);
});

test('npm run faults refuses what it does not understand, and --help says what there is', () => {
  const run = (...args: string[]) => {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url));
    return spawnSync(process.execPath, ['--conditions=source', main, ...args], { encoding: 'utf8' });
  };
  for (const args of [
    ['--soak', '5'],
    ['--kills', 'many'],
    ['--share', '2'],
    ['--seed', '-1'],
  ]) {
    assert.equal(run(...args).status, 64, args.join(' '));
  }
  const help = run('--help');
  assert.equal(help.status, 0, help.stderr);
  for (const option of ['--kills', '--seed', '--share', '--soak']) assert.ok(help.stdout.includes(option), option);
});
