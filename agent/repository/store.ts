import { createHash } from 'node:crypto';
import {
  type Bytes,
  type Failure,
  fail,
  failureOf,
  HoldfastError,
  type Listed,
  type Range,
  type Target,
} from '../contract/index.ts';
import { MAX_OBJECT_BYTES } from './object.ts';

/** Names that a listing may have: so many packs hold 128 TiB. */
const MAX_LISTED = 4_194_304;
/** Names out of place that one may have. */
const MAX_ODD = 10_000;
/** Parts without a byte in them that an answer may have. */
const MAX_EMPTY = 10_000;
const KEY = /^[a-z0-9._/-]{1,255}$/;

export interface NamedTarget {
  readonly name: string;
  readonly target: Target;
}

/** A failure of one of several targets: whoever can do without it knows which it is. */
export class TargetError extends HoldfastError {
  readonly target: string;

  constructor(target: string, failure: Failure, cause?: unknown) {
    super(failure, cause);
    this.target = target;
  }
}

/** An object that is not as it should be: its key, on one target or on all, and what is wrong. */
export interface ObjectProblem {
  readonly object: string;
  readonly target?: string;
  readonly failure: Failure;
}

/** What becomes of an object that its target does not give: most that ask for it cannot go on, and only who reports all there is can. */
export type WhenUnread = 'end' | 'report';

/**
 * The targets of one run, as one store: an object is stored when every one of them has it, and read from the first that
 * gives it. Targets replicate one repository, so the same key means the same bytes on all.
 */
export class Store {
  readonly targets: readonly NamedTarget[];
  readonly #maxListed: number;

  constructor(targets: readonly NamedTarget[], maxListed = MAX_LISTED) {
    this.targets = targets;
    this.#maxListed = maxListed;
  }

  /**
   * Puts an object on every target; resolves when all have it durably. It settles only when no target uses `body` any more,
   * also when it fails: the caller may fill the buffer again.
   */
  async put(key: string, body: Uint8Array, sha256?: string): Promise<'created' | 'same'> {
    const { failed, created } = await this.putOnEach(key, body, sha256);
    if (failed[0] !== undefined) throw failed[0];
    return created ? 'created' : 'same';
  }

  /** The same, for whoever can do without some of them: gives the failures, in the order of the targets. */
  async putOnEach(
    key: string,
    body: Uint8Array,
    sha256 = createHash('sha256').update(body).digest('hex'),
  ): Promise<{ readonly failed: readonly TargetError[]; readonly created: boolean }> {
    const results = await Promise.all(
      this.targets.map(async ({ name, target }) => {
        try {
          return await target.put(key, body, { sha256 });
        } catch (error) {
          return named(name, error);
        }
      }),
    );
    const failed = results.filter((result) => result instanceof TargetError);
    return { failed, created: results.includes('created') };
  }

  /** Reads an object or a range of it, whole, into memory, from the first target that gives it. */
  get(key: string, range?: Range): Promise<Uint8Array> {
    return this.read(key, range, (bytes) => bytes);
  }

  /**
   * The same, decoded. What one target gave may be refused by `decode` (damage); then the next is asked. When none does better,
   * the first failure is thrown; `OBJECT_MISSING` only when all targets lack it, and that there is a void only where no target has
   * anything else: one that cannot be read may have the snapshot.
   */
  async read<T>(key: string, range: Range | undefined, decode: (bytes: Uint8Array) => T): Promise<T> {
    let failure: unknown;
    for (const { name, target } of this.targets) {
      try {
        return decode(await collect(bounded(target.get(key, range), key, range?.length)));
      } catch (error) {
        if (failure === undefined || weightOf(error) > weightOf(failure)) failure = named(name, error);
      }
    }
    throw failure;
  }

  /**
   * SHA-256 (hex), size and the first bytes of an object as the first target that has it gives it, without holding it in memory.
   */
  async digest(key: string, startBytes = 0): Promise<{ sha256: string; size: number; start: Uint8Array }> {
    let failure: unknown;
    for (const { name, target } of this.targets) {
      const hash = createHash('sha256');
      let size = 0;
      let start = Buffer.alloc(0);
      try {
        for await (const part of bounded(target.get(key), key)) {
          hash.update(part);
          size += part.length;
          if (start.length < startBytes) start = Buffer.concat([start, part]).subarray(0, startBytes);
        }
        return { sha256: hash.digest('hex'), size, start };
      } catch (error) {
        failure ??= named(name, error);
      }
    }
    throw failure;
  }

  /** What each target lists below `prefix`, one map per target, in the order of `targets`. */
  async list(prefix: string): Promise<Map<string, Listed>[]> {
    return Promise.all(
      this.targets.map(async ({ name, target }) => {
        const found = new Map<string, Listed>();
        try {
          let last = '';
          let odd = 0;
          for await (const object of target.list(prefix)) {
            const { key } = object;
            // What was not asked for, is no key or comes again is nobody's object: a listing is a hint.
            if (key > last && key.startsWith(prefix) && KEY.test(key)) found.set(key, object);
            else odd++;
            if (odd > MAX_ODD || found.size > this.#maxListed) endless(prefix, odd + found.size);
            last = key > last ? key : last;
          }
        } catch (error) {
          throw named(name, error);
        }
        return found;
      }),
    );
  }

  /** Keys that any target lists below `prefix`, ascending. */
  async keys(prefix: string): Promise<string[]> {
    const all = new Set<string>();
    for (const listed of await this.list(prefix)) for (const key of listed.keys()) all.add(key);
    return [...all].sort();
  }
}

async function collect(bytes: Bytes): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

/** What a target gives, until it gives more than was asked for, or than any object has: storage is not believed to come to an end. */
async function* bounded(bytes: Bytes, key: string, asked?: number): Bytes {
  let size = 0;
  let empty = 0;
  for await (const part of bytes) {
    size += part.length;
    if (asked !== undefined && size > asked) oversupplied(key, asked);
    if (size > MAX_OBJECT_BYTES) tooLarge(key);
    if (part.length > 0) yield part;
    else if (++empty > MAX_EMPTY) oversupplied(key, asked ?? MAX_OBJECT_BYTES);
  }
}

/** OBJECT_TOO_LARGE. */
export function tooLarge(key: string): never {
  fail({
    code: 'OBJECT_TOO_LARGE',
    message: `${key} is larger than any object of a repository may be`,
    origin: 'repository',
    permanent: true,
  });
}

function oversupplied(key: string, asked: number): never {
  fail({
    code: 'TARGET_OVERSUPPLY',
    message: `${key}: there came no end after the ${asked} bytes that were asked for`,
    origin: 'target',
    permanent: true,
    hint: 'something between this host and the storage answers in its place: a proxy, a portal; another target may hold what is needed',
  });
}

function endless(prefix: string, names: number): never {
  fail({
    code: 'LISTING_ENDLESS',
    message: `the listing of ${prefix} has given ${names} names, and goes on`,
    origin: 'target',
    permanent: true,
    hint: 'something between this host and the storage answers in its place: a proxy, a portal; another target may hold what is needed',
  });
}

/** What a target says that has nothing says least, then that nothing is to lie there. */
const LIGHT = ['OBJECT_MISSING', 'WRITER_UNAPPROVED', 'SNAPSHOT_VOID'];

function weightOf(failure: unknown): number {
  const weight = LIGHT.indexOf(failureOf(failure, { code: 'TARGET_IO', origin: 'target' }).code);
  return weight < 0 ? LIGHT.length : weight;
}

/** Whether nobody who reads many objects can go on after what one of them failed with: the target is at fault, or somebody cancels. */
export function isTheEnd({ code, origin }: Failure, whenUnread: WhenUnread): boolean {
  return code === 'CANCELLED' || (origin === 'target' && whenUnread === 'end');
}

/** What the clock of a target says. On a file system that takes a file for a moment: it fails where nothing can be written. */
export function clockOf({ name, target }: NamedTarget): Promise<Date> {
  return target.now().catch((error) => {
    throw named(name, error);
  });
}

/** A failure said with the target it happened on; a failure of the content keeps its own words. */
export function onTarget(name: string, error: unknown): Failure {
  const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
  return failure.origin === 'target' ? { ...failure, message: `target ${name}: ${failure.message}` } : failure;
}

function named(name: string, error: unknown): TargetError {
  return new TargetError(name, onTarget(name, error), error);
}
