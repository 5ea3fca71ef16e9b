import { createHash } from 'node:crypto';
import { failureOf } from '../contract/index.ts';
import { PackDelivery } from '../engine/pack-delivery.ts';
import { damaged } from '../repository/damage.ts';
import { decodeFragment, type IndexedPack } from '../repository/fragment.ts';
import { indexPrefix, parseIndexKey } from '../repository/layout.ts';
import { PackList } from '../repository/pack-list.ts';
import { Store } from '../repository/store.ts';
import { encodeTable } from '../repository/table.ts';
import { type PrunedPlace, removeObjects } from './place.ts';

/** Fragments smaller than this are put together when there are many: each run leaves one. */
const SMALL_BYTES = 1024 * 1024;
const SMALL_FRAGMENTS = 32;

/**
 * Writes new fragments in the place of those that name packs which are `going`, then removes the old ones: at every moment each pack that
 * stays is named, or is found by itself. A fragment that cannot be read is left alone.
 */
export async function renewFragments(place: PrunedPlace, going: ReadonlySet<string>): Promise<void> {
  const alone = new Store([place.target]);
  const [listed] = await alone.list(indexPrefix(place.keys.id));
  const old: string[] = [];
  const staying = new Map<string, IndexedPack>();
  const objects = [...(listed?.values() ?? [])];
  const isSmall = ({ size }: { readonly size: number }) => size < SMALL_BYTES;
  const merge = objects.filter(isSmall).length >= SMALL_FRAGMENTS;
  for (const object of objects) {
    const packs = await readFragment(alone, place, object.key);
    if (packs === undefined) continue;
    if (!packs.some(({ name }) => going.has(name)) && !(merge && isSmall(object))) continue;
    old.push(object.key);
    for (const pack of packs) if (!going.has(pack.name)) staying.set(pack.name, pack);
  }
  if (old.length === 0) return;
  const delivery = new PackDelivery({ store: alone, domain: place.keys, packs: new PackList(), adopted: [] });
  for (const { name, size, table } of staying.values()) delivery.name({ name, size, table: encodeTable(table) });
  await delivery.flush();
  const written = new Set(delivery.fragments);
  await removeObjects(
    place,
    old.filter((key) => !written.has(key)),
  );
}

async function readFragment(
  alone: Store,
  { keys }: PrunedPlace,
  key: string,
): Promise<readonly IndexedPack[] | undefined> {
  const name = parseIndexKey(key)?.name;
  if (name === undefined) return undefined;
  try {
    return await alone.read(key, undefined, (bytes) => {
      if (createHash('sha256').update(bytes).digest('hex') !== name)
        damaged('OBJECT_DAMAGED', `${key} is damaged: its SHA-256 is not its name.`);
      return decodeFragment(bytes, { domain: Buffer.from(keys.id, 'hex'), indexKey: keys.indexKey, key });
    });
  } catch (error) {
    const { origin, code } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    if (origin === 'target' && code !== 'OBJECT_MISSING') throw error;
    return undefined;
  }
}
