import { fail } from '../contract/index.ts';
import { CANCELLED } from './messages.ts';

/**
 * A flag in shared memory, looked at between chunks: a message would not be seen inside a synchronous loop.
 */
export function throwIfCancelled(control: Int32Array): void {
  if (Atomics.load(control, CANCELLED) !== 0) {
    fail({ code: 'CANCELLED', message: 'the run was cancelled', origin: 'agent', permanent: false });
  }
}
