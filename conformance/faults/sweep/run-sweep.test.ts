import { test } from 'node:test';
import { SweepPlace } from './sweep-place.fixture.ts';
import { VERBS } from './sweep-verbs.fixture.ts';
import { assertSwept } from './target-sweep.fixture.ts';

test('run: every operation of a target fails, by half, late, for ever, or is the last of its process', async (t) => {
  await using place = await SweepPlace.create();
  await assertSwept(VERBS.run, place, (line) => t.diagnostic(line));
});
