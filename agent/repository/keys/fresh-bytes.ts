import { createHmac, randomBytes } from 'node:crypto';
import { threadId } from 'node:worker_threads';
import { fail } from '../../contract/index.ts';

/** What one draw gives, and takes from the source. */
const DRAW_BYTES = 32;
let draws = 0;

/**
 * At most 32 bytes that nobody can guess, and that come only once: HMAC-SHA-256(random[32], process, thread, count, clock, `bound`).
 * RANDOMNESS_UNAVAILABLE when the system gives none.
 *
 * The source may repeat itself: a machine that is copied with its memory goes on twice from one state, and both copies draw the same.
 * Then what is mixed in tells the draws apart, as RFC 8937 does with a signature: surely where they are bound to all that is sealed
 * with them, and else by clocks that would have to agree to the nanosecond. While the source is good, nothing is lost by it.
 */
export function freshBytes(length: number, ...bound: readonly Uint8Array[]): Uint8Array {
  if (length > DRAW_BYTES) throw new RangeError(`one draw gives at most ${DRAW_BYTES} bytes`);
  const random = draw();
  const hmac = createHmac('sha256', random);
  random.fill(0);
  hmac.update(`${process.pid} ${threadId} ${draws++} ${Date.now()} ${process.hrtime.bigint()}`);
  // With its length in front, so that the same bytes divided otherwise are not the same.
  for (const bytes of bound) hmac.update(`\n${bytes.length}\n`).update(bytes);
  return new Uint8Array(hmac.digest().subarray(0, length));
}

/** 16 of them in hex: what ids and the names of sessions are. */
export function freshId(): string {
  return Buffer.from(freshBytes(16)).toString('hex');
}

function draw(): Buffer {
  try {
    return randomBytes(DRAW_BYTES);
  } catch (error) {
    return fail(
      {
        code: 'RANDOMNESS_UNAVAILABLE',
        message: `this system gave no random bytes: ${error instanceof Error ? error.message : String(error)}`,
        origin: 'agent',
        permanent: false,
        hint: 'nothing can be sealed without them: look at /dev/urandom and the OpenSSL settings of this host, and begin again',
      },
      error,
    );
  }
}
