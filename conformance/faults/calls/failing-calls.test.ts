/** System calls of the real program fail on the disk of its target, as when that is broken or full. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertExit } from '../../acceptance/program.ts';
import { noise } from '../../kit/samples.ts';
import { FaultyPlace } from '../faulty-place.ts';
import { withoutCompiler } from '../shared-library.ts';
import { shareOf } from '../sweep/share.ts';
import { Tally } from '../sweep/tally.ts';
import { type FailingCall, type MadeCall, Preload } from './preload.ts';

/** Of the cases, where nothing else is asked for: each takes some seconds. */
const SHARE = 0.04;

interface Case extends FailingCall {
  readonly call: string;
}

test('EIO and ENOSPC from any call on its target: a run says so and loses nothing', {
  skip: withoutCompiler,
}, async (t) => {
  assert.equal(process.env['UV_USE_IO_URING'], undefined, 'io_uring makes calls that no library sees');
  await using place = await FaultyPlace.create();
  const preload = new Preload(place.machine.folder);
  await begin(place);
  assertExit(await place.call(['run'], { env: preload.env(place.repository) }), 0);
  const made = preload.calls();
  const cases = casesOf(made);
  const tally = new Tally('system calls of a run on its target');
  tally.cases = cases.length;
  t.diagnostic(`${made.length} calls of a run that nothing happens to`);
  for (const one of shareOf(cases, SHARE, ({ call, errno }) => `${call} ${errno}`)) {
    const after = `${one.errno} ${one.mode} from call ${one.nth} (${one.call})`;
    tally.fault(`run: ${one.errno} of ${one.call}`);
    await tally.hold(after, () => assertSurvives(place, preload, one));
  }
  for (const line of tally.close()) t.diagnostic(line);
  assert.deepEqual(tally.breaches, []);
  assert.ok(made.length > 30 && tally.faults >= 8, 'hardly anything was tried');
});

/** From the same start each time, and with something that is new. */
async function begin(place: FaultyPlace): Promise<void> {
  await place.reset();
  writeFileSync(join(place.machine.data, 'new'), noise(9, 30_000));
}

function casesOf(made: readonly MadeCall[]): Case[] {
  return made.flatMap(({ call }, i) =>
    (['EIO', 'ENOSPC'] as const).flatMap((errno) =>
      (['once', 'from then on'] as const).map((mode): Case => ({ nth: i + 1, call, errno, mode })),
    ),
  );
}

async function assertSurvives(place: FaultyPlace, preload: Preload, one: Case): Promise<void> {
  await begin(place);
  const ended = await place.call(['run'], { env: preload.env(place.repository, one) });
  const failed = preload.calls().filter((call) => call.failed);
  assert.ok(failed.length > 0, 'the fault was not met');
  assert.notEqual(ended.exit, 0, 'it says that all is well');
  assert.equal(ended.exit, 1, ended.stderr);
  assert.match(ended.failure?.message ?? '', new RegExp(`^target local: .*\\(${one.errno}\\)`));
  assert.ok(ended.stderr.includes('target local'), ended.stderr);
  assert.match(ended.failure?.hint ?? '', /\w+ \w+/, 'no hint');
  await place.assertNothingLost();
  assertExit(await place.call(['run']), 0);
  await place.assertRestores('latest', place.machine.data);
}
