import type { BigIntStats } from 'node:fs';
import { type Change, fail, type Host, type Plan, type Reader, type StoredEntry } from 'holdfast/plugin';
import { openExtras } from 'holdfast/system';
import { Attributes } from './attributes.ts';
import { Destination } from './destination.ts';
import { timeSlack } from './difference.ts';
import { NOTHING_IN_FOLDER, restoreFailure } from './failure.ts';
import { Lacking } from './lacking.ts';
import { printable, type RawPath } from './raw-path.ts';
import type { Wanted } from './restore-request.ts';
import { Shown } from './shown.ts';
import { Skips } from './skips.ts';
import { lookAt } from './standing.ts';
import { StandingExtras } from './standing-extras.ts';
import { SurplusSearch } from './surplus.ts';
import { survey } from './survey.ts';

// A plan is read by people: so many paths of each kind are named, the others are counted.
const NAMED = 50;

interface PlanOptions {
  readonly wanted: Wanted;
  readonly from: Reader;
  readonly artifact: string;
  readonly host: Host;
  readonly tell?: (change: Change) => void;
}

/**
 * Compares the tree with the folder. Touches nothing. Fails with `RESTORE_CONFLICT` (something stands where something
 * would be written, and may not be replaced) or `RESTORE_ESCAPE` (the tree or a link in the folder leads out of it).
 */
export async function planRestore(options: PlanOptions): Promise<Plan> {
  const { wanted, tell } = options;
  const found = await surveyed(options);
  if (found.conflicts.count > 0) refuse(wanted, found.conflicts);
  const { made, bytes, kept, stay, same, shown } = found;
  const make = [...made].map(([kind, count]) => `${count} × ${kind}`).join(', ');
  const spared = stay > 0 ? [`leave ${stay} that the snapshot does not have: excluded, mounted or not selected`] : [];
  return {
    steps: [
      `write ${make === '' ? 'nothing' : `${make}, ${bytes} bytes,`} into ${printable(wanted.folder)}`,
      ...kept.lines('keep'),
      ...(tell === undefined ? told(found) : []),
      ...spared,
    ],
    state: {
      bytes,
      ...Object.fromEntries(made),
      kept: kept.count,
      replaced: found.replaced.count,
      set: found.set.count,
      removed: found.removed.count,
      same,
      shown: shown.toJSON(),
    },
    place: printable(wanted.folder),
    foreseen: found.foreseen,
  };
}

/** In words, what else is told change by change. */
function told({ replaced, set, removed }: Surveyed): string[] {
  return [...replaced.lines('replace'), ...set.lines('set attributes of'), ...removed.lines('remove')];
}

/** What a survey came to. */
export interface Surveyed {
  readonly made: ReadonlyMap<StoredEntry['kind'], number>;
  /** Of files that are written. */
  readonly bytes: number;
  readonly conflicts: Paths;
  readonly kept: Paths;
  readonly replaced: Paths;
  readonly set: Paths;
  readonly removed: Paths;
  readonly same: number;
  /** Not in the snapshot, and spared. */
  readonly stay: number;
  readonly shown: Shown;
  readonly foreseen: NonNullable<Plan['foreseen']>;
}

export async function surveyed({ wanted, from, artifact, host, tell }: PlanOptions): Promise<Surveyed> {
  const destination = lookAtFolder(wanted.folder);
  const surplus = destination === undefined ? undefined : new SurplusSearch(destination, wanted.spared);
  const access = openExtras();
  const shown = new Shown();
  const skips = new Skips();
  const lacking = new Lacking(skips);
  const attributes = new Attributes(wanted);
  const named = {
    conflicts: new Paths(),
    kept: new Paths(),
    replaced: new Paths(),
    set: new Paths(),
    removed: new Paths(),
  };
  const made = new Map<StoredEntry['kind'], number>();
  let [bytes, same] = [0, 0];
  const change = (path: RawPath, change: Change, stands: BigIntStats | undefined) => {
    if (stands !== undefined) shown.add(path, change.action, stands);
    if (change.action === 'remove') named.removed.add(path);
    else if (change.action === 'attributes') named.set.add(path);
    else {
      if (stands !== undefined) named.replaced.add(path);
      made.set(change.kind, (made.get(change.kind) ?? 0) + 1);
      bytes += change.size ?? 0;
    }
    tell?.(change);
  };
  await survey({
    wanted,
    from,
    artifact,
    signal: host.signal,
    attributes,
    extras: new StandingExtras(access, wanted.extras),
    slackNs: timeSlack(access),
    destination,
    surplus,
    change,
    conflict: (path) => named.conflicts.add(path),
    keep: (path) => named.kept.add(path),
    same: () => {
      same++;
    },
    lacks: (path, all) => {
      for (const lack of all) lacking.add(path, lack);
    },
    refused: (path, error) => skips.add(path, restoreFailure(error, path)),
    unread: (path, what, code) => host.log.warn(`the ${what} of ${printable(path)} could not be compared: ${code}`),
    fail: (path, error, kind) =>
      skips.add(path, { ...restoreFailure(error, path), ...(kind === 'directory' && NOTHING_IN_FOLDER) }),
  });
  for (const why of access.missing.values()) host.log.warn(`not everything could be compared: ${why}`);
  const foreseen = {
    notSet: attributes.setsOwners ? [] : ['owner' as const],
    unset: lacking.unset,
    skipped: skips.all,
  };
  return { ...named, made, bytes, same, stay: surplus?.stay ?? 0, shown, foreseen };
}

// The folder restored into is the user's own choice: a link to it is followed. Below it none is.
function lookAtFolder(folder: RawPath): Destination | undefined {
  const destination = Destination.look(folder);
  if (destination === undefined && lookAt(folder) !== undefined) fail(restoreFailure({ code: 'ENOTDIR' }, folder));
  return destination;
}

function refuse({ folder, conflict, spared }: Wanted, paths: Paths): never {
  const hint =
    conflict !== 'replace'
      ? 'choose another folder; or see what --conflict replace would change: --dry-run shows it'
      : spared === undefined
        ? 'a folder that is not empty makes room for something else only with --delete; or move it away'
        : 'what is in these folders is excluded, mounted, or kept by the agent: move it away';
  fail({
    code: 'RESTORE_CONFLICT',
    message: `${paths.count} of the paths to restore exist already in ${printable(folder)}: ${paths.lines().join(', ')}`,
    origin: 'source',
    permanent: true,
    hint,
  });
}

export class Paths {
  readonly #first: string[] = [];
  count = 0;

  add(path: RawPath): void {
    if (++this.count <= NAMED) this.#first.push(printable(path));
  }

  lines(verb = ''): string[] {
    const more = this.count > NAMED ? [`${this.count - NAMED} more`] : [];
    return [...this.#first, ...more].map((path) => (verb === '' ? path : `${verb} ${path}`));
  }
}
