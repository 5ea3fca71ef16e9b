import { type Failure, HoldfastError } from '../contract/index.ts';

/** How long a source may take to notice that the run was cancelled. */
const SOURCE_GRACE_MS = 2000;

/** A source that does not notice the end of a run is left behind after a moment: nobody waits for it for ever. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const onAbort = () => {
    grace = setTimeout(() => reject(new HoldfastError(cancelled())), SOURCE_GRACE_MS);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(grace);
    work.catch(() => {});
  }
}

/** What a cancelled run ends with. */
export function cancelled(): Failure {
  return {
    code: 'CANCELLED',
    message: 'the run was cancelled; no snapshot was made',
    origin: 'agent',
    permanent: false,
    hint: 'what was stored is kept: the next run goes on from there',
  };
}
