import { listChecks, readChecks } from '../repository/checks.ts';
import type { Verification } from './verification.ts';

/** With a budget, so many of each writer: those that `--history` shows. */
const NEWEST = 30;

/**
 * What earlier verifications recorded, on each target. No backup needs it; but whoever asks when a repository was last found whole goes by it.
 * What was copied from elsewhere, or is of nobody that is trusted, is no damage.
 */
export async function checkEarlier({ store, writers, options, find }: Verification): Promise<void> {
  const limit = options.budget === undefined ? Number.POSITIVE_INFINITY : NEWEST;
  for (const target of store.targets) {
    for (const [writer, listed] of await listChecks(target)) {
      if (!writers.trusts(writer)) continue;
      const { problems } = await readChecks(target, writers, listed, limit);
      for (const { object, failure } of problems)
        find({ level: 'checksum', target: target.name, object, failure, snapshots: [] });
    }
  }
}
