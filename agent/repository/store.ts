import { createHash } from 'node:crypto';
import { type Bytes, type Failure, fail, failureOf, type Listed, type Range, type Target } from '../contract/index.ts';
import { MAX_OBJECT_BYTES } from './object.ts';

export interface NamedTarget {
  readonly name: string;
  readonly target: Target;
}

/**
 * The targets of one run, as one store: an object is stored when every one of them has it, and read from the first that
 * gives it. Targets replicate one repository, so the same key means the same bytes on all.
 */
export class Store {
  readonly targets: readonly NamedTarget[];

  constructor(targets: readonly NamedTarget[]) {
    this.targets = targets;
  }

  /**
   * Puts an object on every target; resolves when all have it durably. It settles only when no target uses `body` any more,
   * also when it fails: the caller may fill the buffer again.
   */
  async put(key: string, body: Uint8Array, sha256?: string): Promise<'created' | 'same'> {
    const digest = sha256 ?? createHash('sha256').update(body).digest('hex');
    const results = await Promise.allSettled(
      this.targets.map(async ({ name, target }) => {
        try {
          return await target.put(key, body, { sha256: digest });
        } catch (error) {
          return fail(onTarget(name, error), error);
        }
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results.some((result) => result.status === 'fulfilled' && result.value === 'created') ? 'created' : 'same';
  }

  /** Reads an object or a range of it, whole, into memory, from the first target that gives it. */
  get(key: string, range?: Range): Promise<Uint8Array> {
    return this.read(key, range, (bytes) => bytes);
  }

  /**
   * The same, decoded. What one target gave may be refused by `decode` (damage); then the next is asked. When none does better,
   * the first failure is thrown; `OBJECT_MISSING` only when all targets lack it.
   */
  async read<T>(key: string, range: Range | undefined, decode: (bytes: Uint8Array) => T): Promise<T> {
    let failure: unknown;
    for (const { name, target } of this.targets) {
      try {
        return decode(await collect(target.get(key, range), key));
      } catch (error) {
        if (failure === undefined || isMissing(failure)) failure = named(name, error);
      }
    }
    throw failure;
  }

  /** SHA-256 (hex) and size of an object as the first target that has it gives it, without holding it in memory. */
  async digest(key: string): Promise<{ sha256: string; size: number }> {
    let failure: unknown;
    for (const { name, target } of this.targets) {
      const hash = createHash('sha256');
      let size = 0;
      try {
        for await (const part of target.get(key)) {
          hash.update(part);
          size += part.length;
        }
        return { sha256: hash.digest('hex'), size };
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
          for await (const object of target.list(prefix)) found.set(object.key, object);
        } catch (error) {
          fail(onTarget(name, error), error);
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

async function collect(bytes: Bytes, key: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    size += part.length;
    if (size > MAX_OBJECT_BYTES) {
      fail({
        code: 'OBJECT_TOO_LARGE',
        message: `${key} is larger than any object of a repository may be`,
        origin: 'repository',
        permanent: true,
      });
    }
    parts.push(part);
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, size);
}

function isMissing(error: unknown): boolean {
  return failureOf(error, { code: 'TARGET_IO', origin: 'target' }).code === 'OBJECT_MISSING';
}

/** A failure said with the target it happened on; a failure of the content keeps its own words. */
function onTarget(name: string, error: unknown): Failure {
  const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
  return failure.origin === 'target' ? { ...failure, message: `target ${name}: ${failure.message}` } : failure;
}

function named(name: string, error: unknown): unknown {
  try {
    return fail(onTarget(name, error), error);
  } catch (said) {
    return said;
  }
}
