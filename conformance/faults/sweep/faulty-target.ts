import { createHash } from 'node:crypto';
import { type Bytes, type Failure, fail, type Listed, type Range, type Target } from 'holdfast/plugin';

/**
 * What becomes of an operation:
 * - `error`: it fails, and nothing was done;
 * - `lost`: it is done, and its answer is lost: whoever asked sees it fail;
 * - `torn`: half of it is done, then it fails: half an object lies under its key, half of one is read, half of a listing is given;
 * - `stale`: storage that lags: an object that is there is not found, a listing ends early and does not say so;
 * - `crash before`, `crash after`: the process is gone from there on.
 */
export const KINDS = ['error', 'lost', 'torn', 'stale', 'crash before', 'crash after'] as const;
export type Kind = (typeof KINDS)[number];
/** That operation only, or it and all after it. */
export type Mode = 'once' | 'from then on';

/** A fault: what befalls the n-th operation, counted from 1. */
export interface Plan {
  readonly nth: number;
  readonly kind: Kind;
  readonly mode: Mode;
}

type Operation = 'open' | keyof Omit<Target, typeof Symbol.asyncDispose>;

/** An object that somebody asked to be stored, whatever came of it. */
export interface Offered {
  readonly key: string;
  readonly body: Uint8Array;
}

export const WORDS = 'the storage of this test does not answer';

const failure: Failure = { code: 'TARGET_UNAVAILABLE', message: WORDS, origin: 'target', permanent: false };

/** Which kinds mean something of an operation; of others, the fault is a plain error. */
export function kindsOf(operation: string): readonly Kind[] {
  const [name = ''] = operation.split(' ');
  const both: readonly Kind[] = ['error', 'crash before'];
  if (name === 'get' || name === 'list') return [...both, 'torn', 'stale'];
  if (name === 'put') return [...both, 'lost', 'torn', 'crash after'];
  return name === 'move' || name === 'delete' ? [...both, 'lost', 'crash after'] : both;
}

/** The faults of every operation of a run that went well: `operations` as {@link FaultPoint.log} has them. */
export function plansFor(operations: readonly string[]): Plan[] {
  return operations.flatMap((operation, i) =>
    kindsOf(operation).flatMap((kind): Plan[] => {
      const modes: readonly Mode[] = kind.startsWith('crash') ? ['once'] : ['once', 'from then on'];
      return modes.map((mode) => ({ nth: i + 1, kind, mode }));
    }),
  );
}

/** Where the operations of all targets of a process pass, are counted, and meet their fault. */
export class FaultPoint {
  readonly #onCrash: () => void;
  #plan: Plan | undefined;
  #isGone = false;
  /** `<operation> <key>` of each since {@link arm}. */
  log: string[] = [];
  /** Whether the fault was met. */
  isMet = false;
  /** What was put since {@link arm}, also in vain. */
  offered: Offered[] = [];

  /** `onCrash`: told at the moment from which on nothing may have an effect. */
  constructor(onCrash: () => void) {
    this.#onCrash = onCrash;
  }

  /** Begins to count anew. Without a plan nothing fails. */
  arm(plan?: Plan): void {
    this.#plan = plan;
    this.#isGone = false;
    this.isMet = false;
    this.log = [];
    this.offered = [];
  }

  /** The fault that this operation meets. */
  meet(operation: Operation, key = ''): Kind | undefined {
    if (this.#isGone) fail(failure);
    this.log.push(`${operation} ${key}`);
    const plan = this.#plan;
    const count = this.log.length;
    if (plan === undefined || (plan.mode === 'once' ? count !== plan.nth : count < plan.nth)) return undefined;
    this.isMet = true;
    return kindsOf(operation).includes(plan.kind) ? plan.kind : 'error';
  }

  /** An operation that is done or not, as the fault will have it. */
  async done<T>(o: { operation: Operation; key?: string; do(): Promise<T>; half?(): Promise<unknown> }): Promise<T> {
    const kind = this.meet(o.operation, o.key);
    if (kind === undefined) return o.do();
    if (kind === 'lost' || kind === 'crash after') await o.do();
    if (kind === 'torn') await o.half?.();
    return this.end(kind);
  }

  end(kind: Kind): never {
    if (kind.startsWith('crash')) {
      this.#onCrash();
      this.#isGone = true;
    }
    return fail(failure);
  }
}

/** A target whose operations pass a fault point. */
export function faulty(target: Target, point: FaultPoint): Target {
  return {
    put(key, body, options) {
      point.offered.push({ key, body: Uint8Array.from(body) });
      const half = body.subarray(0, body.length >> 1);
      const sha256 = createHash('sha256').update(half).digest('hex');
      return point.done({
        operation: 'put',
        key,
        do: () => target.put(key, body, options),
        half: () => target.put(key, half, { sha256 }),
      });
    },
    async *get(key, range): Bytes {
      const kind = point.meet('get', key);
      if (kind === undefined) return yield* target.get(key, range);
      if (kind === 'stale') fail({ ...failure, code: 'OBJECT_MISSING', message: `${key} is not there` });
      if (kind === 'torn') yield* halfOf(target, key, range);
      point.end(kind);
    },
    async *list(prefix, after): AsyncGenerator<Listed> {
      const kind = point.meet('list', prefix);
      if (kind === undefined) return yield* target.list(prefix, after);
      const names: Listed[] = [];
      if (kind === 'stale' || kind === 'torn') for await (const one of target.list(prefix, after)) names.push(one);
      yield* names.slice(0, names.length >> 1);
      if (kind !== 'stale') point.end(kind);
    },
    now: () => point.done({ operation: 'now', do: () => target.now() }),
    capacity: () => point.done({ operation: 'capacity', do: async () => (await target.capacity?.()) ?? { used: 0 } }),
    delete: (key) => point.done({ operation: 'delete', key, do: async () => target.delete?.(key) }),
    move: (key, to) => point.done({ operation: 'move', key, do: async () => target.move?.(key, to) }),
    [Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
  };
}

async function* halfOf(target: Target, key: string, range?: Range): Bytes {
  const parts: Uint8Array[] = [];
  for await (const part of target.get(key, range)) parts.push(part);
  const whole = Buffer.concat(parts);
  yield whole.subarray(0, whole.length >> 1);
}
