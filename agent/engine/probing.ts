import type { PluginSpec } from '../config/policy.ts';
import { type Failure, failureOf, type OptionDoubt } from '../contract/index.ts';
import { readMarker } from '../repository/marker.ts';
import { clockOf } from '../repository/store.ts';
import { untilAborted } from './cancellation.ts';
import { type Loan, openSource, openStore } from './opening.ts';

/** For a system that answers, however slowly; one that does not is not reachable. */
const PATIENCE_MS = 20_000;

/**
 * Why a target cannot be used as a part of the repository, named with it; `undefined` when it can. Its clock is asked, which on a
 * file system takes a file for a moment: a target that is read-only or has no inodes left shows now, and not in the night.
 */
export function probeTarget(spec: PluginSpec, loan: Loan): Promise<Failure | undefined> {
  return attempted(loan, { code: 'TARGET_UNAVAILABLE', origin: 'target' }, async (patient) => {
    await using store = await openStore([spec], patient);
    await readMarker(store);
    for (const target of store.targets) await clockOf(target);
  });
}

export interface SourceProbe {
  /** Why it cannot be backed up; absent when it can. */
  readonly failure?: Failure | undefined;
  /** What its options name and it has not got. */
  readonly doubts: readonly OptionDoubt[];
}

/** Whether a source can be backed up. Changes nothing. */
export async function probeSource(spec: PluginSpec, loan: Loan): Promise<SourceProbe> {
  let doubts: readonly OptionDoubt[] = [];
  const failure = await attempted(loan, { code: 'SOURCE_UNAVAILABLE', origin: 'source' }, async (patient) => {
    await using opened = await openSource(spec, patient);
    await opened.source.probe();
    doubts = (await opened.source.doubts?.()) ?? [];
  });
  return { failure, doubts };
}

async function attempted(
  loan: Loan,
  fallback: Pick<Failure, 'code' | 'origin'>,
  probe: (loan: Loan) => Promise<void>,
): Promise<Failure | undefined> {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([loan.signal, timeout]);
  try {
    await untilAborted(probe({ ...loan, signal }), signal);
    return undefined;
  } catch (error) {
    if (timeout.aborted && !loan.signal.aborted) {
      const message = `there was no answer within ${PATIENCE_MS / 1000} seconds`;
      return { ...fallback, message, permanent: false };
    }
    return failureOf(error, fallback);
  }
}
