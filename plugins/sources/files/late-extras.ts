import { closeSync, constants, openSync } from 'node:fs';
import { type ExtrasAccess, type InodeExtras, setMode } from 'holdfast/system';
import type { Destination, Place } from './destination.ts';
import type { Lack } from './lacking.ts';
import { bytesOf, nameOf, parentOf, type RawPath, systemPath } from './raw-path.ts';

/** Something that was restored, and what it is given afterwards. */
export interface Late {
  readonly path: RawPath;
  readonly extras: InodeExtras;
  /** The mode it is to have in the end, where another let its owner write until now. */
  readonly mode?: number;
}

interface LateOutcome {
  readonly path: RawPath;
  readonly troubles: readonly Lack[];
  readonly error?: unknown;
}

// Each holds a folder open.
const AT_ONCE = 256;

/** Sets attributes or flags of what stands already, many at once: each may take a process. In the order given. */
export async function* setLate(
  all: readonly Late[],
  access: ExtrasAccess,
  destination: Destination,
): AsyncGenerator<LateOutcome> {
  for (let from = 0; from < all.length; from += AT_ONCE) {
    using held = new DisposableStack();
    const there: { readonly late: Late; readonly place: RawPath }[] = [];
    for (const late of all.slice(from, from + AT_ONCE)) {
      try {
        there.push({ late, place: late.path === '' ? `${destination.root}/.` : heldPlace(held, destination, late) });
      } catch (error) {
        yield { path: late.path, troubles: [], error };
      }
    }
    const inodes = there.map(({ late, place }) => ({
      folder: bytesOf(parentOf(place)),
      name: bytesOf(nameOf(place)),
      ...late.extras,
    }));
    const troubles = await access.set(inodes);
    for (const [n, { late, place }] of there.entries()) yield finished(late, place, troubles[n] ?? []);
  }
}

function heldPlace(held: DisposableStack, destination: Destination, { path, extras }: Late): RawPath {
  const place: Place = held.use(destination.place(path));
  const isSafe = place.folder.made || !Object.keys(extras.xattrs ?? {}).some((name) => name.startsWith('security.'));
  if (isSafe) return place.path;
  // Whoever may write there could put a program of their own in the place of the one that gets the capability.
  throw new Error(
    'capabilities and labels are set by name only in folders that were restored too; Node 26 has another way',
  );
}

function finished({ path, mode }: Late, place: RawPath, troubles: readonly Lack[]): LateOutcome {
  if (mode === undefined) return { path, troubles };
  try {
    const file = openSync(systemPath(place), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return { path, troubles: [...troubles, ...setMode(file, mode)] };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return { path, troubles, error };
  }
}
