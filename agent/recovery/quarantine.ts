import { type Failure, fail } from '../contract/index.ts';
import { keyTime } from '../repository/check-key.ts';
import { type NamedTarget, onTarget, type Store } from '../repository/store.ts';

const PREFIX = 'quarantine/';
const QUARANTINED = /^quarantine\/[0-9]{8}t[0-9]{9}z\/(.+)$/;

/** Where what is moved away at one time goes: `quarantine/20260102t030405006z/<key>`. */
export function quarantineKey(key: string, at: Date): string {
  return `${PREFIX}${keyTime(at.toISOString())}/${key}`;
}

/** Keys that were moved away on a target, now or ever, and that nothing lies under. */
export async function vacatedKeys(alone: Store, listed: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const keys = (await alone.keys(PREFIX)).flatMap((key) => QUARANTINED.exec(key)?.[1] ?? []);
  return new Set(keys.filter((key) => !listed.has(key)));
}

/** Moves an object out of the way, and gives its new key. `MOVE_UNSUPPORTED` where the target has no such thing, and says what to do by hand. */
export async function setAside({ name, target }: NamedTarget, key: string, at: Date): Promise<string> {
  const to = quarantineKey(key, at);
  if (target.move === undefined) fail(unsupported(name, key, to));
  try {
    await target.move(key, to);
    return to;
  } catch (error) {
    return fail(onTarget(name, error), error);
  }
}

function unsupported(target: string, key: string, to: string): Failure {
  return {
    code: 'MOVE_UNSUPPORTED',
    message: `target ${target} cannot move ${key} out of the way`,
    origin: 'target',
    permanent: true,
    hint: `move it to ${to} there by other means, and repair again: what lacks is then copied`,
  };
}
