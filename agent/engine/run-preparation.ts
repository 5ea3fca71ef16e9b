import type { Failure } from '../contract/index.ts';
import type { EnsuredDomain } from '../repository/domains.ts';
import { type LoadedIndex, loadIndex } from '../repository/index-loading.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import { framesByBirth, missingFrames } from '../repository/missing-frames.ts';
import { PackList, packSizes } from '../repository/pack-list.ts';
import { Store } from '../repository/store.ts';
import type { Succession } from '../repository/succession.ts';
import { completeLast } from './snapshot-commit.ts';

/** What of a domain a run writes on top of. */
export interface Standing {
  readonly loaded: LoadedIndex;
  /** Targets that lack packs of the last snapshot that others have: nothing is written to them until they were copied. */
  readonly behind: ReadonlySet<string>;
}

/**
 * Loads the index of the targets that a run can write to at once. One that lacks what it would take to hold the last snapshot, because
 * it was away while others were written to, is left out: else all that it lacks would be read and stored a second time everywhere. One
 * whose packs are there and not whole is not helped by copying: it stays, and what they held is stored anew. What is `marked` to go is
 * as good as gone.
 */
export async function loadStanding(
  store: Store,
  succession: Succession,
  keys: DomainKeys,
  { epochs, marked }: { readonly epochs: EnsuredDomain['epochs']; readonly marked: ReadonlySet<string> },
): Promise<Standing> {
  const loaded = await loadIndex(store, keys, 'write', { epochs, marked });
  if (await completeLast(succession, keys, loaded.packs)) return { loaded, behind: new Set() };
  const behind = new Set<string>();
  const references = succession.last?.opened.references(keys.indexKey) ?? { births: [] };
  for (const target of succession.lacking) {
    const alone = new Store([target]);
    const { packs, absent } = await loadIndex(alone, keys, 'read', { epochs });
    const sizes = await packSizes(alone, keys);
    // What is there and not whole is not helped by copying.
    const cut = new PackList();
    for (const [i, pack] of absent.entries()) if (sizes.has(pack.name)) cut.set(i, pack);
    if (missingFrames(references, packs, framesByBirth(cut)) > 0) behind.add(target.name);
  }
  if (behind.size === 0) return { loaded, behind };
  const others = new Store(store.targets.filter(({ name }) => !behind.has(name)));
  const again = await loadIndex(others, keys, 'write', { epochs, marked });
  await completeLast(
    { ...succession, lacking: succession.lacking.filter(({ name }) => !behind.has(name)) },
    keys,
    again.packs,
  );
  return { loaded: again, behind };
}

/** Whether it may only be that a target is away. */
export function isVanished({ code }: Failure): boolean {
  return code === 'SNAPSHOT_VANISHED';
}
