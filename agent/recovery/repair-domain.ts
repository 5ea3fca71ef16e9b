import { PackDelivery } from '../engine/pack-delivery.ts';
import { decodeFragment } from '../repository/fragment.ts';
import { type LoadedIndex, loadIndex } from '../repository/index-loading.ts';
import { type DomainKeys, domainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { indexPrefix, packKey } from '../repository/layout.ts';
import { birthName, framesByBirth, packsNeeded, replacedFrames } from '../repository/missing-frames.ts';
import { type KnownPack, PackList } from '../repository/pack-list.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { Store } from '../repository/store.ts';
import { encodeTable } from '../repository/table.ts';
import type { CopyJudge } from './copy-judgement.ts';
import { PackNeeds } from './pack-needs.ts';

/** What one target lacks of a domain whose index key this host has. */
export interface DomainGaps {
  /** Packs that snapshots there need and that are not there, by name, with the snapshots (ids). */
  readonly packs: ReadonlyMap<string, readonly string[]>;
  /** Names of packs that no fragment there names, whether they are there or to be brought. */
  readonly unnamed: readonly string[];
  /** Snapshots that need frames of which nobody knows a pack: the pack is lost, and so is every fragment that named it. */
  readonly torn: readonly { readonly snapshot: StoredSnapshot; readonly frames: number }[];
}

/** A domain of this host, as all targets together know it. */
export class RepairDomain {
  readonly keys: DomainKeys;
  readonly #snapshots: readonly StoredSnapshot[];
  readonly #known: ReadonlyMap<string, KnownPack>;
  readonly #needs = new PackNeeds();

  private constructor(keys: DomainKeys, snapshots: readonly StoredSnapshot[], known: ReadonlyMap<string, KnownPack>) {
    this.keys = keys;
    this.#snapshots = snapshots;
    this.#known = known;
    this.#needs.learn(keys, snapshots, known.values());
  }

  /** Those that this host has the keys of and that there are snapshots of. */
  static async all(store: Store, host: HostKeys | undefined, snapshots: readonly StoredSnapshot[]) {
    const found: RepairDomain[] = [];
    for (const { id, name, secret } of host?.domains ?? []) {
      const own = snapshots.filter(({ opened }) => opened.header.domain === id);
      const keys = domainKeys(id, name, secret);
      const { packs, absent } = await loadIndex(store, keys, 'read');
      const all = [...absent, ...[...packs].map(([, pack]) => pack)];
      found.push(new RepairDomain(keys, own, new Map(all.map((pack) => [pack.name, pack]))));
    }
    return found;
  }

  /** Ids of the snapshots that need any frame of a pack. */
  snapshotsOf(pack: string): readonly string[] {
    return this.#needs.ofPack(pack);
  }

  async gapsOf(target: string, alone: Store): Promise<DomainGaps> {
    const here = await loadIndex(alone, this.keys, 'read');
    const packs = new Map<string, string[]>();
    const torn: { snapshot: StoredSnapshot; frames: number }[] = [];
    for (const snapshot of this.#snapshots) {
      const { lacking = [], forgottenOn = [] } = snapshot;
      if ([...lacking, ...forgottenOn].includes(target)) continue;
      const { needed, missing } = this.#packsMissing(snapshot, here);
      for (const { name } of needed) packs.set(name, [...(packs.get(name) ?? []), snapshot.id]);
      if (missing > 0) torn.push({ snapshot, frames: missing });
    }
    const named = new Set(here.absent.map(({ name }) => name));
    const adopted = here.adopted.flatMap((number) => here.packs.get(number)?.name ?? []);
    return { packs, unnamed: [...adopted, ...packs.keys()].filter((name) => !named.has(name)), torn };
  }

  /** Packs that hold what a snapshot needs, and what no pack of the target holds; and how much of that is in none at all. */
  #packsMissing({ opened }: StoredSnapshot, here: LoadedIndex) {
    const present = framesByBirth(here.packs);
    const replaced = replacedFrames({
      absent: [...this.#known.values()].filter(isAbsentFrom(here)),
      index: here.index,
    });
    const elsewhere = new PackList();
    [...this.#known.values()].forEach((pack, i) => {
      elsewhere.set(i, pack);
    });
    const births = opened.references(this.keys.indexKey).births.map(({ salt, ordinals }) => {
      const name = birthName(salt);
      const missing = [...ordinals].filter((o) => !present.get(name)?.has(o) && !replaced.get(name)?.has(o));
      return { salt, ordinals: Uint32Array.from(missing) };
    });
    return packsNeeded({ births }, framesByBirth(elsewhere));
  }

  /** Which of the packs a fragment names; none when it is not of this domain. */
  namedBy(key: string, bytes: Uint8Array, names: ReadonlySet<string>): string[] {
    const o = { domain: Buffer.from(this.keys.id, 'hex'), indexKey: this.keys.indexKey, key };
    return decodeFragment(bytes, o).flatMap(({ name }) => (names.has(name) ? [name] : []));
  }

  get folder(): string {
    return indexPrefix(this.keys.id);
  }

  packKey(name: string): string {
    return packKey(this.keys.id, name);
  }

  /** Writes a fragment for the packs of a target that none there names, from their own tables. */
  async nameAll(alone: Store, judge: CopyJudge): Promise<void> {
    const { adopted, packs } = await loadIndex(alone, this.keys, 'read');
    const whole: number[] = [];
    for (const number of adopted) {
      const name = packs.get(number)?.name;
      if (name !== undefined && (await judge.look(alone, this.packKey(name))).state === 'whole') whole.push(number);
    }
    const delivery = new PackDelivery({ store: alone, domain: this.keys, packs, adopted: whole });
    delivery.adopt((number) => {
      const { name, size, table } = packs.get(number) as KnownPack;
      return { name, size, table: encodeTable(table) };
    });
    await delivery.flush();
  }
}

function isAbsentFrom({ packs }: LoadedIndex): (pack: KnownPack) => boolean {
  const here = new Set([...packs].map(([, { name }]) => name));
  return ({ name }) => !here.has(name);
}
