import assert from 'node:assert/strict';
import { failureOf } from 'holdfast/plugin';
import type { Verb } from './sweep-verbs.fixture.ts';

export const pruning: Verb = {
  name: 'prune',
  share: 0.06,
  moves: true,
  async act(place) {
    try {
      const pruned = await place.prune();
      const problems = pruned.domains.flatMap((domain) => domain.problems);
      const verdict = pruned.failure === undefined ? 'ok' : 'failed';
      return { failure: pruned.failure, verdict, said: { pruned, problems } };
    } catch (error) {
      const failure = failureOf(error, { code: 'PRUNE_FAILED', origin: 'repository' });
      return { failure, verdict: 'failed', said: failure };
    }
  },
  judge() {},
  /** The one that nobody wanted to forget. */
  acknowledged: (place) => place.taken.slice(-1),
  async owed(place) {
    const { domains } = await place.prune();
    assert.deepEqual(
      domains.map(({ marked, deleted }) => [marked.count, deleted.count]),
      [[0, 0]],
      'something was left for a third call',
    );
    // What comes back must be stored again where it was deleted, and is not counted on where it is about to be.
    const { snapshot, failure } = await place.run();
    assert.ok(snapshot, `the run after it: ${failure?.message}`);
    return [...place.taken.slice(-1), place.takenNow(snapshot.key)];
  },
};
