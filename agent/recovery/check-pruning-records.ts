import { type Failure, failureOf } from '../contract/index.ts';
import { MARKS_PREFIX, SESSIONS_PREFIX } from '../repository/layout.ts';
import { loadMarks } from '../repository/marks.ts';
import { loadSessions } from '../repository/sessions.ts';
import type { NamedTarget, ObjectProblem } from '../repository/store.ts';
import type { Verification } from './verification.ts';

const HINTS = {
  [SESSIONS_PREFIX]:
    '`holdfast repair` moves it away; one of another host with --set-aside-sessions, when no backup of it is running',
  [MARKS_PREFIX]: '`holdfast repair` moves it away, and `holdfast prune` marks anew what it named',
} as const;

/**
 * What pruning goes by, on each target: sessions and marks. No snapshot needs them; but of a session that cannot be read nobody knows
 * whether a backup is at work, so that nothing is pruned, and a mark that cannot be read names what never goes.
 */
export async function checkPruningRecords(v: Verification): Promise<void> {
  for (const target of v.store.targets) {
    await tell(v, target, SESSIONS_PREFIX, () => loadSessions(target, v.writers, undefined, 'report'));
    await tell(v, target, MARKS_PREFIX, () => loadMarks(target, v.writers, undefined, 'report'));
  }
}

/** What a target does not give of them is a finding, and keeps nothing else from being looked at. */
async function tell(
  v: Verification,
  target: NamedTarget,
  prefix: keyof typeof HINTS,
  load: () => Promise<{ readonly problems: readonly ObjectProblem[] }>,
): Promise<void> {
  const find = (object: string, failure: Failure) =>
    v.find({ level: 'list', target: target.name, object, failure, snapshots: [] });
  try {
    // What the target itself fails with is not mended by moving anything.
    for (const { object, failure } of (await load()).problems)
      find(object, failure.origin === 'target' ? failure : { ...failure, hint: HINTS[prefix] });
  } catch (error) {
    const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
    if (failure.code === 'CANCELLED') throw error;
    find(prefix, failure);
  }
}
