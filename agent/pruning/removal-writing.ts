import type { HostKeys } from '../repository/keys/host-keys.ts';
import { LAST_SEQUENCE, parseSnapshotKey, SNAPSHOTS_PREFIX, snapshotKey } from '../repository/layout.ts';
import { encodeRemoval, type RemovedSnapshot } from '../repository/removal.ts';
import { nextRemoval, type Removals } from '../repository/removals.ts';
import { type NamedTarget, Store } from '../repository/store.ts';

export interface RemovalWriting {
  readonly host: HostKeys;
  readonly target: NamedTarget;
  /** What was said so far, of all targets that can be reached. */
  readonly removals: Removals;
  /** All that can be reached: what one of them still has must not be copied back from there. */
  readonly reached: Store;
  /** Whether those are all that the policy names. */
  readonly all: boolean;
  /** The target's clock. */
  readonly clock: Date;
}

/**
 * Says on a target what this writer wants no more there: what it said before, as far as that still matters, without what is taken
 * `back`, and `more`. Nothing is deleted. Gives the key of the record.
 */
export async function writeRemoval(
  o: RemovalWriting,
  change: { readonly more?: readonly RemovedSnapshot[]; readonly back?: ReadonlySet<string> },
): Promise<string> {
  const { host, target, removals } = o;
  const more = change.more ?? [];
  const renewed = new Set(more.map(({ key }) => key));
  const before = removals
    .by(host.writer, target.name)
    .filter(({ key }) => !renewed.has(key) && change.back?.has(key) !== true);
  const removed = [...(await stillMattering(o, before)), ...more].sort((a, b) => (a.key < b.key ? -1 : 1));
  const { bytes, key } = encodeRemoval(
    {
      repository: host.repository,
      writer: host.writer,
      target: target.name,
      sequence: await nextRemoval(target, host),
      created: o.clock.toISOString(),
      removed,
    },
    host.signer,
  );
  await new Store([target]).put(key, bytes);
  return key;
}

/**
 * A removal matters as long as its snapshot lies anywhere, or the one that follows it, which names it. Where not all targets can be
 * asked, all of them do.
 */
async function stillMattering(o: RemovalWriting, removed: readonly RemovedSnapshot[]): Promise<RemovedSnapshot[]> {
  if (!o.all || removed.length === 0) return [...removed];
  const there = new Set(await o.reached.keys(SNAPSHOTS_PREFIX));
  return removed.filter(({ key }) => {
    const name = parseSnapshotKey(key);
    if (name === undefined) return false;
    const next = name.sequence < LAST_SEQUENCE ? snapshotKey(name.writer, name.job, name.sequence + 1) : key;
    return there.has(key) || there.has(next);
  });
}
