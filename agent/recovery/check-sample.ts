import { type Failure, failureOf } from '../contract/index.ts';
import type { Identity } from '../repository/keys/identity.ts';
import { packKey } from '../repository/layout.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { Store } from '../repository/store.ts';
import { type CheckedFrames, checkFrames, type PackFrames, unreadFailure } from './check-frames.ts';
import { framesMissing } from './check-listing.ts';
import { GoodObjects } from './good-objects.ts';
import { inParallel } from './lanes.ts';
import { NeededFrames } from './needed-frames.ts';
import { sealedBytes } from './opened-packs.ts';
import type { UnlockedDomain } from './unlocked-domain.ts';
import { UnlockedDomains } from './unlocked-domains.ts';
import { eachTarget, isWanted, type Verification } from './verification.ts';
import { coverageOf, type TimeShares, type ToRead, toRead } from './verify-budget.ts';

/**
 * Opens what snapshots need of some packs of every target, read from that target alone: those that were not found good for longest, until
 * the budget is used up; at least one. Bodies of snapshots are all opened; trees are not read through.
 */
export async function checkSample(v: Verification, identity: Identity, time: TimeShares): Promise<void> {
  for (const { name, alone } of eachTarget(v)) await new Sample(v, identity, name, alone).check(time.next());
  v.notes.push('with a budget packs are opened: no tree was read through, and no path that damage takes is named');
}

/** What snapshots of a domain need of a pack. */
interface Needed extends ToRead, PackFrames {
  readonly domain: string;
}

interface Unlocked {
  readonly id: string;
  readonly domains: UnlockedDomains;
  domain?: UnlockedDomain;
}

/** The part of one target. */
class Sample {
  readonly #v: Verification;
  readonly #identity: Identity;
  readonly #target: string;
  readonly #alone: Store;
  /** Wanted, and on this target, by domain. */
  readonly #snapshots: ReadonlyMap<string, readonly StoredSnapshot[]>;
  /** Domains whose bodies were opened. */
  readonly #seen = new Set<string>();
  /** One at a time: each has an index in memory, and workers. */
  #unlocked: Unlocked | undefined;

  constructor(v: Verification, identity: Identity, target: string, alone: Store) {
    this.#v = v;
    this.#identity = identity;
    this.#target = target;
    this.#alone = alone;
    const here = v.listing.snapshots.filter(
      ({ opened, lacking = [], forgottenOn = [] }) =>
        isWanted(v, opened.header.source) && ![...lacking, ...forgottenOn].includes(target),
    );
    this.#snapshots = Map.groupBy(here, ({ opened }) => opened.header.domain);
  }

  async check(until: number): Promise<void> {
    const v = this.#v;
    const place = { target: this.#target, level: 'decrypt' } as const;
    try {
      const objects: Needed[] = [];
      for (const id of this.#snapshots.keys()) objects.push(...(await this.#needed(id)));
      const good = new GoodObjects(v, place);
      good.keepOnly(objects);
      const read: ToRead[] = [];
      const wanted = toRead(objects, good.times, v.options.budget?.share);
      // The domain of the pack that waits for longest comes first.
      for (const [id, packs] of Map.groupBy(wanted, ({ domain }) => domain)) {
        if (read.length > 0 && performance.now() >= until) break;
        const domain = await this.#domain(id);
        if (domain === undefined) continue;
        await inParallel(packs, 2, async (pack) => {
          if (read.length > 0 && performance.now() >= until) return;
          read.push(pack);
          const checked = await this.#checkPack(domain, pack);
          good.tell(pack.pack.name, checked.good.has(pack.pack.name));
          const { length: total } = wanted;
          v.options.onProgress?.({ level: 'decrypt', done: read.length, total, bytes: v.checked.bytes });
        });
      }
      v.coverage.push(coverageOf(place, objects, read, good.times));
    } finally {
      await this.#close();
    }
  }

  async #checkPack({ keys, session, frames }: UnlockedDomain, needed: Needed): Promise<CheckedFrames> {
    const v = this.#v;
    const opening = { domain: keys, session, frames, target: this.#target };
    const checked = await checkFrames(v, opening, [needed], () => {});
    for (const one of checked.unread.values()) {
      const snapshots = v.needs.ofPack(needed.pack.name);
      v.find({ level: 'decrypt', target: this.#target, object: needed.key, failure: unreadFailure(one), snapshots });
    }
    return checked;
  }

  /** What snapshots need of each pack of a domain. */
  async #needed(id: string): Promise<Needed[]> {
    const v = this.#v;
    const domain = await this.#domain(id);
    if (domain === undefined) return [];
    const packs = [...domain.packs].map(([, pack]) => pack);
    const all = v.listing.snapshots.filter(({ opened }) => opened.header.domain === id);
    v.needs.learn(domain.keys, all, packs);
    const frames = new NeededFrames(domain.packs);
    const needed = new Map<string, { pack: PackFrames['pack']; frames: Set<number> }>();
    for (const snapshot of this.#snapshots.get(id) ?? []) {
      const found = await this.#attempt(snapshot, () => frames.take(snapshot.opened.references(domain.keys.indexKey)));
      const missing = found?.absent.filter(({ birth, ordinal }) => !domain.replaced.get(birth)?.has(ordinal)) ?? [];
      if (missing.length > 0 && !v.incomplete.has(snapshot.key))
        this.#find(snapshot, framesMissing(snapshot, missing.length, this.#target));
      for (const { pack, frames } of found?.work ?? []) {
        const known = needed.get(pack.name);
        if (known === undefined) needed.set(pack.name, { pack, frames: new Set(frames) });
        else for (const frame of frames) known.frames.add(frame);
      }
    }
    return [...needed.values()].map(({ pack, frames }) => {
      const { name } = pack;
      return { domain: id, key: packKey(id, name), name, size: sealedBytes({ pack, frames }), pack, frames };
    });
  }

  /** Undefined when no snapshot of it can be opened, which is a finding. */
  async #domain(id: string): Promise<UnlockedDomain | undefined> {
    if (this.#unlocked?.id === id) return this.#unlocked.domain;
    await this.#close();
    const { writers, listing, engine, options } = this.#v;
    const { registry } = engine;
    const unlock = { store: this.#alone, writers, listed: listing.snapshots, identity: this.#identity, registry };
    const unlocked: Unlocked = {
      id,
      domains: new UnlockedDomains({ ...unlock, signal: options.signal }),
    };
    this.#unlocked = unlocked;
    for (const snapshot of this.#snapshots.get(id) ?? []) {
      if (unlocked.domain !== undefined && this.#seen.has(id)) break;
      const readable = await this.#attempt(snapshot, () => unlocked.domains.open(snapshot));
      if (readable !== undefined) unlocked.domain = readable.domain;
    }
    this.#seen.add(id);
    return unlocked.domain;
  }

  async #close(): Promise<void> {
    await this.#unlocked?.domains[Symbol.asyncDispose]();
    this.#unlocked = undefined;
  }

  /** What fails of a snapshot is a finding; a key that does not fit is the end. */
  async #attempt<T>(snapshot: StoredSnapshot, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.code === 'CANCELLED' || failure.origin === 'key' || this.#v.options.signal.aborted) throw error;
      this.#find(snapshot, failure);
      return undefined;
    }
  }

  #find({ key, id }: StoredSnapshot, failure: Failure): void {
    // Said once, though a domain is opened twice.
    const before = this.#v.findings.some(
      ({ level, target, object }) => level === 'decrypt' && target === this.#target && object === key,
    );
    if (!before) this.#v.find({ level: 'decrypt', target: this.#target, object: key, failure, snapshots: [id] });
  }
}
