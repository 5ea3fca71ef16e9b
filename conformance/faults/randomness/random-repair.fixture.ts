import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { builtinPlugins } from '../../../agent/cli/builtin.ts';
import { pieces, TestRepository } from '../../../agent/engine/repository.fixture.ts';
import { repair, verify } from '../../../agent/recovery/reading.fixture.ts';
import { noise } from '../../kit/samples.ts';
import { type Contents, contentsOf } from '../sweep/contents.ts';
import type { Tally } from '../sweep/tally.ts';
import { RandomSource, WORDS } from './random-source.ts';

const [WHOLE, DAMAGED] = ['target-0', 'target-1'] as const;

/** Two copies of a repository, of which one is damaged: repairs it under a failure of every draw, and by copies of one machine. */
export async function sweepRepair(tally: Tally): Promise<readonly string[]> {
  await using r = await TestRepository.create({ plugins: builtinPlugins, targets: 2 });
  const { verdict } = await r.runWith(async (out) => {
    await out.bytes('dump', pieces(noise(1, 50_000)), { chunker: 'cdc' });
    return { facts: null };
  });
  assert.equal(verdict, 'ok');
  const kinds = ['packs/', 'indexes/', 'snapshots/'];
  const keys = await Promise.all(kinds.map(async (kind) => (await r.keys(kind))[0] ?? assert.fail(kind)));
  for (const key of keys) await r.flip(key, 200, DAMAGED);
  await cp(r.path('', DAMAGED), join(r.folder, 'damaged'), { recursive: true });
  const whole = contentsOf(r.path('', WHOLE));
  const reset = async () => {
    await rm(r.path('', DAMAGED), { recursive: true });
    await cp(join(r.folder, 'damaged'), r.path('', DAMAGED), { recursive: true });
  };

  RandomSource.arm();
  await repaired(r, whole);
  const draws = RandomSource.log;
  for (const mode of ['once', 'from then on'] as const)
    for (let nth = 1; nth <= draws.length; nth++) {
      tally.cases++;
      tally.fault(`repair: ${mode}`);
      await tally.hold(`repair, no random bytes ${mode}, at ${nth}: ${draws[nth - 1]}`, async () => {
        await reset();
        RandomSource.arm({ kind: 'fails', nth, mode });
        const report = await repair(r);
        assert.ok(RandomSource.isMet, 'the fault was not met');
        RandomSource.arm();
        assert.notEqual(report.verdict, 'ok', 'a step failed, and it says that all is well');
        assert.match(JSON.stringify(report), new RegExp(`"message":"[^"]*${WORDS}`));
        assert.deepEqual(contentsOf(r.path('', WHOLE)), whole, 'the whole copy changed');
        await repaired(r, whole);
      });
    }
  tally.cases++;
  tally.fault('repair: repeats');
  await tally.hold('repair, in a copy of a machine', async () => {
    await reset();
    for (let copy = 1; copy <= 2; copy++) {
      RandomSource.arm({ kind: 'repeats' });
      await repaired(r, whole);
    }
    RandomSource.arm();
    const { findings } = await verify(r, 'decrypt', { parallel: 1 });
    assert.deepEqual(findings, []);
  });
  return draws;
}

/** After this repair both targets hold the same, and what was damaged lies in quarantine. */
async function repaired(r: TestRepository, whole: Contents): Promise<void> {
  const { verdict, failure } = await repair(r);
  assert.equal(verdict, 'ok', `${failure?.message}`);
  const now = [...contentsOf(r.path('', DAMAGED))].filter(([key]) => !key.startsWith('quarantine/'));
  assert.deepEqual(new Map(now), whole);
  assert.deepEqual(contentsOf(r.path('', WHOLE)), whole);
}
