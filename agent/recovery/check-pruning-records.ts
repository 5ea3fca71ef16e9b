import type { Failure } from '../contract/index.ts';
import { loadMarks } from '../repository/marks.ts';
import { loadSessions } from '../repository/sessions.ts';
import type { Verification } from './verification.ts';

/**
 * What pruning goes by, on each target: sessions and marks. No snapshot needs them; but of a session that cannot be read nobody knows
 * whether a backup is at work, so that nothing is pruned, and a mark that cannot be read names what never goes.
 */
export async function checkPruningRecords(v: Verification): Promise<void> {
  for (const target of v.store.targets) {
    const find = (object: string, failure: Failure) =>
      v.find({ level: 'list', target: target.name, object, failure, snapshots: [] });
    for (const { object, failure } of (await loadSessions(target, v.writers)).problems)
      find(object, {
        ...failure,
        hint: '`holdfast repair` moves it away; one of another host with --set-aside-sessions, when no backup of it is running',
      });
    for (const { object, failure } of (await loadMarks(target, v.writers)).problems)
      find(object, {
        ...failure,
        hint: '`holdfast repair` moves it away, and `holdfast prune` marks anew what it named',
      });
  }
}
