import { test } from 'node:test';
import { FORGETTABLE } from './growth.fixture.ts';
import { pruning } from './prune-verb.fixture.ts';
import { SweepPlace } from './sweep-place.fixture.ts';
import { assertSwept } from './target-sweep.fixture.ts';

test('forget and prune: every operation of a target fails, by half, late, for ever, or is the last of its process', async (t) => {
  await using place = await SweepPlace.create(FORGETTABLE);
  await assertSwept(pruning, place, (line) => t.diagnostic(line));
});
