import { type Failure, failureOf } from '../contract/index.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import { parseCheckKey } from '../repository/check-key.ts';
import {
  epochKey,
  parsePackKey,
  parseSessionKey,
  parseSnapshotKey,
  parseWriterKey,
  REPOSITORY_KEY,
} from '../repository/layout.ts';
import { listSnapshots, type SnapshotListing } from '../repository/snapshots.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import { CopyJudge, isRecord, kindOf } from './copy-judgement.ts';
import { vacatedKeys } from './quarantine.ts';
import { RepairDomain } from './repair-domain.ts';

const FOLDERS = ['keys/', 'packs/', 'indexes/', 'snapshots/'];
/** No snapshot needs what lies there: that it cannot be listed keeps nothing from being healed. */
const RECORDS = ['sessions/', 'marks/', 'checks/'];

/** The copies of a repository, as they were listed: what each target has, and what is known of what needs what. */
export class RepairCopies {
  readonly judge: CopyJudge;
  readonly listing: SnapshotListing;
  /** Of which this host has the index key. */
  readonly domains: readonly RepairDomain[];
  readonly #repository: RepositoryReading;
  /** Folders of records that could not be listed. */
  readonly unlisted: readonly Failure[];
  /** Sizes by key, by target. */
  readonly #keys: ReadonlyMap<string, ReadonlyMap<string, number>>;

  private constructor(
    repository: RepositoryReading,
    o: Pick<RepairCopies, 'judge' | 'listing' | 'domains' | 'unlisted'>,
    keys: ReadonlyMap<string, ReadonlyMap<string, number>>,
  ) {
    this.#repository = repository;
    this.judge = o.judge;
    this.listing = o.listing;
    this.domains = o.domains;
    this.unlisted = o.unlisted;
    this.#keys = keys;
  }

  static async list(repository: RepositoryReading): Promise<RepairCopies> {
    const { store, writers, host } = repository;
    const listing = await listSnapshots(store, writers);
    const domains = await RepairDomain.all(store, host, listing.snapshots);
    const judge = new CopyJudge(writers, new Set([...listing.snapshots, ...listing.forgotten].map(({ key }) => key)));
    const keys = new Map<string, ReadonlyMap<string, number>>();
    const unlisted: Failure[] = [];
    for (const target of store.targets)
      keys.set(target.name, new Map([...(await objectsOf(target, judge)), ...(await recordsOf(target, unlisted))]));
    return new RepairCopies(repository, { judge, listing, domains, unlisted }, keys);
  }

  keysOf({ name }: NamedTarget): ReadonlyMap<string, number> {
    return this.#keys.get(name) ?? new Map();
  }

  /** All other targets: what is repaired on one is copied from any of them. */
  others(target: NamedTarget): Store {
    return new Store(this.#repository.store.targets.filter((other) => other !== target));
  }

  async isWholeElsewhere(target: NamedTarget, key: string): Promise<boolean> {
    for (const other of this.others(target).targets)
      if ((await this.judge.look(new Store([other]), key)).state === 'whole') return true;
    return false;
  }

  /** Keys that should be on a target and are not: those of every other one, those of snapshots, voids, and what was moved away. */
  async keysLacking(target: NamedTarget): Promise<readonly string[]> {
    const here = this.keysOf(target);
    const elsewhere = [...this.#keys.values()].flatMap((keys) => [...keys.keys()]);
    const vacated = await vacatedKeys(new Store([target]), new Set(here.keys()));
    const expected = [
      REPOSITORY_KEY,
      ...elsewhere.filter((key) => key.startsWith('keys/')),
      ...this.epochsNeeded,
      ...this.listing.voids.map(({ key }) => key),
      ...vacated,
    ];
    // What is wanted there no more is not brought back to it.
    const isWanted = (key: string) => this.listing.removals.find(target.name, key, undefined) === undefined;
    // Records are of no use where they are no more: a session would keep all from pruning.
    const isLacking = (key: string) => !here.has(key) && kindOf(key) !== undefined && !isRecord(key);
    return [...new Set(expected)].filter((key) => isLacking(key) && isWanted(key));
  }

  get epochsNeeded(): ReadonlySet<string> {
    return new Set(this.listing.snapshots.map(({ opened: { header } }) => epochKey(header.domain, header.epoch)));
  }

  /** Ids of the snapshots that need an object, as far as this host can tell. */
  affectedBy(key: string): readonly string[] {
    const pack = parsePackKey(key);
    if (pack !== undefined) return this.#domainOf(pack.domain)?.snapshotsOf(pack.name) ?? [];
    const writer = parseWriterKey(key);
    return this.listing.snapshots.flatMap(({ id, opened: { header } }) =>
      header.writer === writer || epochKey(header.domain, header.epoch) === key ? [id] : [],
    );
  }

  /** Whether nothing is known to need a pack; of a domain whose index key is elsewhere nobody knows here. */
  isUnneeded(key: string): boolean {
    const pack = parsePackKey(key);
    return pack !== undefined && this.#domainOf(pack.domain)?.snapshotsOf(pack.name).length === 0;
  }

  isOfKnownDomain(domain: string): boolean {
    return this.#domainOf(domain) !== undefined;
  }

  /** Whether the keys of a writer are known from elsewhere than its own object. */
  isVouched(key: string): boolean {
    return this.#repository.writers.trusts(parseWriterKey(key) ?? '');
  }

  /** Whoever may add objects may add damaged ones: of those whom nobody trusts, none is of any interest. */
  isOfStranger(key: string): boolean {
    const writer = writerOf(key);
    return writer !== undefined && !this.#repository.writers.trusts(writer);
  }

  /** Whether a run of this host put it, of which none goes on while this host repairs. */
  isOwn(key: string): boolean {
    const { host } = this.#repository;
    return host !== undefined && writerOf(key) === host.writer;
  }

  #domainOf(id: string): RepairDomain | undefined {
    return this.domains.find(({ keys }) => keys.id === id);
  }
}

/** In whose folder it lies, where others are not to write. */
function writerOf(key: string): string | undefined {
  return (parseSnapshotKey(key) ?? parseSessionKey(key) ?? parseCheckKey(key))?.writer;
}

async function objectsOf(target: NamedTarget, judge: CopyJudge): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const alone = new Store([target]);
  if ((await judge.look(alone, REPOSITORY_KEY)).state !== 'missing') found.set(REPOSITORY_KEY, 0);
  for (const folder of FOLDERS) {
    const [listed = new Map<string, { size: number }>()] = await alone.list(folder);
    for (const [key, { size }] of listed) if (kindOf(key) !== undefined) found.set(key, size);
  }
  return found;
}

async function recordsOf(target: NamedTarget, unlisted: Failure[]): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const folder of RECORDS) {
    try {
      const [listed = new Map<string, { size: number }>()] = await new Store([target]).list(folder);
      for (const [key, { size }] of listed) if (kindOf(key) !== undefined) found.set(key, size);
    } catch (error) {
      const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
      if (failure.code === 'CANCELLED') throw error;
      unlisted.push(failure);
    }
  }
  return found;
}
