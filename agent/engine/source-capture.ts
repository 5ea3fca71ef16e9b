import type { Job, Limits } from '../config/policy.ts';
import { fail, failureOf, HoldfastError, type Verdict } from '../contract/index.ts';
import { cancelled, untilAborted } from './cancellation.ts';
import { type Loan, openSource } from './opening.ts';
import type { RunSink } from './run-sink.ts';

/** Opens the source of a job, has it captured into `sink`, and closes it. Returns its verdict; without one the run has failed. */
export async function captureSource(job: Job, limits: Limits, loan: Loan, sink: RunSink): Promise<Verdict> {
  const { signal } = loan;
  try {
    await using opened = await openSource(job.source, loan);
    const request = { select: job.select, parallel: limits.files, lastOf: () => undefined };
    const verdict = await untilAborted(opened.source.backup(request, sink), signal);
    sink.end();
    if (signal.aborted) fail(cancelled());
    return explicit(verdict, job.source.name);
  } catch (error) {
    // What broke the run comes first, whatever the source made of it.
    const cause = sink.broken ?? error;
    throw new HoldfastError(failureOf(cause, { code: 'SOURCE_FAILED', origin: 'source' }), cause);
  }
}

/** A source that ends without saying what it captured has failed: nothing may be concluded from silence. */
function explicit(verdict: Verdict | undefined, source: string): Verdict {
  if (typeof verdict === 'object' && verdict !== null && verdict.facts !== undefined) return verdict;
  return fail({
    code: 'VERDICT_MISSING',
    message: `source ${source} ended without a verdict; no snapshot was made`,
    origin: 'agent',
    permanent: true,
    hint: 'this is a mistake in the source plugin: report it to whoever maintains it',
  });
}
