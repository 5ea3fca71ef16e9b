import { type Failure, fail } from '../contract/index.ts';
import type { ObjectProblem } from '../repository/store.ts';

/**
 * Says why a chunk is not found. `passedOver`: what could not be read while the index was loaded. Where a target did not give one of
 * those, nothing is known to be lost, and the failure is the target's.
 */
export function failMissing(id: Uint8Array, passedOver: readonly ObjectProblem[]): never {
  const chunk = `chunk ${Buffer.from(id).toString('hex').slice(0, 16)}…`;
  const unread = passedOver.find(({ failure }) => isOfTarget(failure));
  if (unread !== undefined) {
    const { failure, object } = unread;
    fail({ ...failure, message: `${failure.message}; ${object} was to say where ${chunk} lies` });
  }
  return fail({
    code: 'CHUNK_MISSING',
    message: `${chunk} is in no pack of the repository`,
    origin: 'repository',
    permanent: true,
    hint: 'run `holdfast verify` to see what is lost; the next backup stores again what still is at its source',
  });
}

/** A target that says that it has no such object has answered. */
function isOfTarget({ origin, code }: Failure): boolean {
  return origin === 'target' && code !== 'OBJECT_MISSING';
}
