import { type Failure, fail, failureOf } from '../contract/index.ts';
import type { ArtifactBody, PageRef } from '../repository/snapshot.ts';
import { compareTreeOrder, decodePage, type TreeRecord } from '../repository/tree.ts';
import { choosePages } from './page-choice.ts';
import { isInPlace, OUT_OF_PLACE, readPages } from './record-reading.ts';
import type { Selection } from './selection.ts';
import type { UnlockedDomain } from './unlocked-domain.ts';

/** Pages asked for ahead, over all that differ at one place of the trees; bytes, within what the cache of pages holds. */
const AHEAD_BYTES = 8 * 1024 * 1024;
const AHEAD_PAGES = 16;

/** A tree as one of several snapshots has it. */
export interface TreeVersion {
  readonly domain: UnlockedDomain;
  readonly pages: ArtifactBody['pages'];
}

/** What one of the trees has at a path; `unread`: nobody knows, because the page that could tell is damaged. */
export type Found = TreeRecord | 'absent' | 'unread';

interface Holder {
  readonly version: number;
  readonly number: number;
}

/** A stretch of a tree that some of the versions share: one page, where they stand in it, and what of it is selected. */
interface Lane {
  readonly page: PageRef;
  /** The versions that have it, and which of their pages it is. */
  holders: readonly Holder[];
  /** Undefined until somebody needs them. */
  records: TreeRecord[] | undefined;
  at: number;
}

/**
 * Walks several versions of a tree at once, in tree order, and says for every selected path what each of them has there. A page that
 * several versions have is read once; of all others nothing more is held than what is selected at the place reached.
 */
export class PathHistories {
  readonly #versions: readonly TreeVersion[];
  readonly #selection: Selection;
  readonly #onDamage: (versions: readonly number[], failure: Failure) => void;
  /** The numbers of the pages that come next, the nearest last, by version. */
  readonly #ahead: number[][];
  /** Up to which path a version could not be read; null: to its end. */
  readonly #blind: (Uint8Array | null | undefined)[];
  readonly #lanes = new Map<string, Lane>();

  constructor(
    versions: readonly TreeVersion[],
    selection: Selection,
    onDamage: (versions: readonly number[], failure: Failure) => void,
  ) {
    this.#versions = versions;
    this.#selection = selection;
    this.#onDamage = onDamage;
    this.#ahead = versions.map(({ pages }) => choosePages(pages, selection).reverse());
    this.#blind = versions.map(() => undefined);
  }

  /** For every path that any version has: what each has there, in the order of the versions. */
  async *[Symbol.asyncIterator](): AsyncGenerator<{ readonly path: Uint8Array; readonly found: readonly Found[] }> {
    this.#versions.forEach((_, version) => {
      this.#advance(version);
    });
    for (;;) {
      const next = await this.#next();
      if (next.length === 0) return;
      const path = placeOf(next[0] as Lane);
      const found = this.#versions.map((_, version): Found => (this.#isBlind(version, path) ? 'unread' : 'absent'));
      for (const lane of next) {
        const record = lane.records?.[lane.at] as TreeRecord;
        for (const { version } of lane.holders) found[version] = record;
      }
      yield { path, found };
      for (const lane of next) lane.at++;
    }
  }

  /** The lanes that stand at the least path; all of them know their records there. */
  async #next(): Promise<Lane[]> {
    for (;;) {
      let least: Lane[] = [];
      for (const [name, lane] of this.#lanes) {
        if (lane.records !== undefined && lane.at >= lane.records.length) {
          this.#lanes.delete(name);
          for (const { version } of lane.holders) this.#advance(version);
          // Those that come are seen by this loop.
          continue;
        }
        const order = least[0] === undefined ? -1 : compareTreeOrder(placeOf(lane), placeOf(least[0]));
        if (order < 0) least = [lane];
        else if (order === 0) least.push(lane);
      }
      const unread = least.filter(({ records }) => records === undefined);
      if (unread.length === 0) return least;
      for (const lane of unread) await this.#read(lane);
    }
  }

  /** Lets a version stand at the next of its pages, beside those that have the same page. */
  #advance(version: number): void {
    const { domain, pages } = this.#versions[version] as TreeVersion;
    const number = this.#ahead[version]?.pop();
    const page = number === undefined ? undefined : pages[number];
    if (number === undefined || page === undefined) return;
    // With where it begins: one that a snapshot says to be elsewhere stands alone, and is refused.
    const name = domain.keys.id + Buffer.concat([page.id, page.first]).toString('latin1');
    const lane = this.#lanes.get(name);
    const holder = { version, number };
    if (lane === undefined) this.#lanes.set(name, { page, holders: [holder], records: undefined, at: 0 });
    // Who comes late to a page, which no tree in order does, stands there alone.
    else if (lane.records !== undefined)
      this.#lanes.set(`${version} ${name}`, { page, holders: [holder], records: undefined, at: 0 });
    else lane.holders = [...lane.holders, holder];
  }

  async #read(lane: Lane): Promise<void> {
    const { version } = lane.holders[0] as Holder;
    const { domain } = this.#versions[version] as TreeVersion;
    try {
      const bytes = await this.#readAhead(lane, domain, this.#upcoming(version));
      const records = decodePage(bytes);
      this.#settle(lane, records);
      lane.records = records.filter((record) => this.#selection.has(record));
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin !== 'repository' && failure.origin !== 'key') throw error;
      lane.records = [];
      this.#lose(lane.holders, failure);
    }
  }

  /** Leaves a page to those who say rightly where it begins and ends. */
  #settle(lane: Lane, records: readonly TreeRecord[]): void {
    const { true: right = [], false: wrong = [] } = Object.groupBy(lane.holders, ({ version, number }) =>
      isInPlace((this.#versions[version] as TreeVersion).pages, number, records) ? 'true' : 'false',
    );
    if (right.length === 0) fail(OUT_OF_PLACE);
    if (wrong.length === 0) return;
    lane.holders = right;
    this.#lose(wrong, OUT_OF_PLACE);
    for (const { version } of wrong) this.#advance(version);
  }

  /** The page, with those that come next: they often lie in one frame. What is wrong with one of those is said when it comes. */
  async #readAhead({ page }: Lane, domain: UnlockedDomain, upcoming: readonly PageRef[]): Promise<Uint8Array> {
    try {
      const [bytes] = await readPages(domain, [page, ...upcoming]);
      return bytes as Uint8Array;
    } catch (error) {
      if (upcoming.length === 0) throw error;
      return this.#readAhead({ page } as Lane, domain, []);
    }
  }

  #upcoming(version: number): PageRef[] {
    const { pages } = this.#versions[version] as TreeVersion;
    const upcoming: PageRef[] = [];
    let left = AHEAD_BYTES / this.#lanes.size;
    for (const number of (this.#ahead[version] ?? []).slice(1 - AHEAD_PAGES).reverse()) {
      const page = pages[number] as PageRef;
      left -= page.length;
      if (left < 0) break;
      upcoming.push(page);
    }
    return upcoming;
  }

  #lose(holders: readonly Holder[], failure: Failure): void {
    for (const { version, number } of holders)
      this.#blind[version] = this.#versions[version]?.pages[number + 1]?.first ?? null;
    this.#onDamage(
      holders.map(({ version }) => version),
      failure,
    );
  }

  #isBlind(version: number, path: Uint8Array): boolean {
    const until = this.#blind[version];
    return until === null || (until !== undefined && compareTreeOrder(path, until) < 0);
  }
}

/** The path that a lane stands at: of its record there, or the first that it can have. */
function placeOf({ records, at, page }: Lane): Uint8Array {
  return records?.[at]?.path ?? page.first;
}
