import { fail, failureOf } from '../contract/index.ts';
import type { HostKeys } from './keys/host-keys.ts';
import { LAST_SEQUENCE, parseRemovalKey, REMOVALS_PREFIX } from './layout.ts';
import { decodeRemoval, type Removal, type RemovedSnapshot } from './removal.ts';
import { type NamedTarget, type ObjectProblem, Store } from './store.ts';
import type { Writers } from './writers.ts';

/** What trusted writers said that is wanted no more, of each target by its own records. */
export class Removals {
  readonly #of: ReadonlyMap<string, TargetRecords>;
  readonly #hashes: ReadonlySet<string>;
  /** Records that were not believed: what they removed counts as wanted. */
  readonly problems: readonly ObjectProblem[];

  private constructor(records: readonly TargetRecords[]) {
    this.#of = new Map(records.map((one) => [one.target, one]));
    this.#hashes = new Set(records.flatMap(({ hashes }) => hashes));
    this.problems = records.flatMap(({ problems }) => problems);
  }

  static async load({ targets }: Store, writers: Writers): Promise<Removals> {
    return new Removals(await Promise.all(targets.map((target) => readRecords(target, writers))));
  }

  /** What was said of a snapshot on a target; undefined where it is wanted, or another lies there than was spoken of. */
  find(target: string, key: string, hash: string | undefined): RemovedSnapshot | undefined {
    const records = this.#of.get(target)?.records ?? [];
    for (const { removed } of records) {
      const found = removed.get(key);
      if (found !== undefined && (hash === undefined || found.hash === hash)) return found;
    }
    return undefined;
  }

  /** What one writer said of a target. */
  by(writer: string, target: string): readonly RemovedSnapshot[] {
    const record = this.#of.get(target)?.records.find((one) => one.writer === writer);
    return [...(record?.removed.values() ?? [])];
  }

  /** Who said that a snapshot is wanted no more on a target; ids of writers. */
  whoRemoved(target: string, key: string): string[] {
    const records = this.#of.get(target)?.records ?? [];
    return records.filter(({ removed }) => removed.has(key)).map(({ writer }) => writer);
  }

  /** Whether it is known, by whatever record of whatever target, that this snapshot was removed rather than lost. */
  knows(key: string, hash: string): boolean {
    return this.#hashes.has(`${key} ${hash}`);
  }
}

interface TargetRecords {
  readonly target: string;
  /** The one that counts of each writer. */
  readonly records: readonly { readonly writer: string; readonly removed: ReadonlyMap<string, RemovedSnapshot> }[];
  readonly hashes: readonly string[];
  readonly problems: readonly ObjectProblem[];
}

async function readRecords(target: NamedTarget, writers: Writers): Promise<TargetRecords> {
  const alone = new Store([target]);
  const problems: ObjectProblem[] = [];
  const records: TargetRecords['records'][number][] = [];
  const hashes: string[] = [];
  for (const [writer, keys] of await recordKeys(alone, writers)) {
    // Backwards: an older one counts where a newer one is of another target, or damaged.
    for (const key of keys.toReversed()) {
      const record = await readRemoval(alone, writers, key, problems, target.name);
      if (record === undefined) continue;
      hashes.push(...record.removed.map((one) => `${one.key} ${one.hash}`));
      if (record.target !== target.name) continue;
      records.push({ writer, removed: new Map(record.removed.map((one) => [one.key, one])) });
      break;
    }
  }
  return { target: target.name, records, hashes, problems };
}

/** Of each trusted writer, ascending. */
async function recordKeys(alone: Store, writers: Writers): Promise<Map<string, string[]>> {
  const keys = new Map<string, string[]>();
  for (const key of await alone.keys(REMOVALS_PREFIX)) {
    const writer = parseRemovalKey(key)?.writer;
    if (writer === undefined || !writers.trusts(writer)) continue;
    keys.set(writer, [...(keys.get(writer) ?? []), key]);
  }
  return keys;
}

async function readRemoval(
  alone: Store,
  writers: Writers,
  key: string,
  problems: ObjectProblem[],
  target: string,
): Promise<Removal | undefined> {
  const publicKey = writers.publicKeyOf(parseRemovalKey(key)?.writer ?? '');
  if (publicKey === undefined) return undefined;
  try {
    return await alone.read(key, undefined, (bytes) =>
      decodeRemoval(bytes, { key, publicKey, repository: writers.repository }),
    );
  } catch (error) {
    const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
    problems.push({ object: key, target, failure });
    return undefined;
  }
}

/** No host counts so far by itself: what lies beyond, and it did not sign, somebody planted to leave it no number. */
const FAR = Math.floor(LAST_SEQUENCE / 2);

/**
 * The number of the next record of a host on a target: above whatever lies there, readable or not, but for what was planted {@link FAR} above
 * all that it signed. `SEQUENCE_ENDED` when it signed the last that there is.
 */
export async function nextRemoval(
  target: NamedTarget,
  { writer, signer, repository }: Pick<HostKeys, 'writer' | 'signer' | 'repository'>,
): Promise<number> {
  const alone = new Store([target]);
  const keys = (await alone.keys(`${REMOVALS_PREFIX}${writer}/`)).filter((key) => parseRemovalKey(key) !== undefined);
  const numberOf = (key = '') => parseRemovalKey(key)?.sequence ?? 0;
  const taken = new Set(keys.map(numberOf));
  const signed = numberOf(await lastSigned(alone, keys, { publicKey: signer.publicKey, repository }));
  let next = [...taken].filter((number) => number <= FAR).reduce((a, b) => Math.max(a, b), signed) + 1;
  while (taken.has(next)) next++;
  if (next <= LAST_SEQUENCE) return next;
  const blocking = keys.filter((key) => numberOf(key) === LAST_SEQUENCE);
  return fail({
    code: 'SEQUENCE_ENDED',
    message: `target ${target.name}: ${blocking.join(', ')} has the last number that what is forgotten can have`,
    origin: 'repository',
    permanent: true,
    hint: 'no host gets there by itself: find out who else can write there, and move that object away; then say it again',
  });
}

/** The last of the keys, ascending, under which lies what the host signed. */
async function lastSigned(
  alone: Store,
  keys: readonly string[],
  own: { readonly publicKey: Uint8Array; readonly repository: string },
): Promise<string | undefined> {
  for (const key of keys.toReversed()) {
    try {
      return await alone.read(key, undefined, (bytes) => decodeRemoval(bytes, { key, ...own }) && key);
    } catch (error) {
      const { origin, code } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (origin === 'target' && code !== 'OBJECT_MISSING') throw error;
    }
  }
  return undefined;
}
