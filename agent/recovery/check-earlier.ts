import { failureOf } from '../contract/index.ts';
import { CHECKS_PREFIX } from '../repository/check-key.ts';
import { listChecks, readChecks } from '../repository/checks.ts';
import type { NamedTarget, ObjectProblem } from '../repository/store.ts';
import type { Writers } from '../repository/writers.ts';
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
    for (const [writer, listed] of await listedOn(target, find)) {
      if (!writers.trusts(writer)) continue;
      for (const { object, failure } of await problemsOf(target, writers, writer, listed, limit))
        find({ level: 'checksum', target: target.name, object, failure, snapshots: [] });
      if (options.signal.aborted) return;
    }
  }
}

/** What a target does not give of them is a finding, and keeps nothing else from being looked at. */
async function problemsOf(
  target: NamedTarget,
  writers: Writers,
  writer: string,
  listed: readonly { readonly key: string; readonly size: number }[],
  limit: number,
): Promise<readonly ObjectProblem[]> {
  try {
    return (await readChecks(target, writers, listed, limit)).problems;
  } catch (error) {
    const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
    if (failure.code === 'CANCELLED') throw error;
    return [{ object: `${CHECKS_PREFIX}${writer}/`, target: target.name, failure }];
  }
}

async function listedOn(target: NamedTarget, find: Verification['find']) {
  try {
    return await listChecks(target);
  } catch (error) {
    const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
    if (failure.code === 'CANCELLED') throw error;
    find({ level: 'checksum', target: target.name, object: CHECKS_PREFIX, failure, snapshots: [] });
    return new Map<string, { key: string; size: number }[]>();
  }
}
