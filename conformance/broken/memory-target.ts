import { createHash } from 'node:crypto';
import {
  definePlugin,
  fail,
  type Host,
  type Listed,
  type Range,
  type Target,
  type TargetPlugin,
  Type,
} from 'holdfast/plugin';
import type { Static } from 'typebox';

const options = Type.Object(
  { place: Type.String({ description: 'The name of a place in this process.' }) },
  { additionalProperties: false },
);
type Options = Static<typeof options>;

/** The places of this process, by name. A place that is not here is missing. */
export const places = new Map<string, Map<string, Uint8Array>>();

/** A target that keeps every obligation, in memory: what the broken ones differ from in one point each. */
export class MemoryTarget implements Target {
  readonly objects: Map<string, Uint8Array>;
  readonly host: Host;

  constructor(objects: Map<string, Uint8Array>, host: Host) {
    this.objects = objects;
    this.host = host;
  }

  async put(
    key: string,
    body: Uint8Array,
    given: { readonly sha256: string; readonly lockUntil?: Date },
  ): Promise<'created' | 'same'> {
    this.host.signal.throwIfAborted();
    this.assertKey(key);
    if (given.lockUntil !== undefined) refuse('LOCK_UNSUPPORTED', `${key} cannot be locked`);
    if (createHash('sha256').update(body).digest('hex') !== given.sha256) refuse('DIGEST_MISMATCH', key);
    const there = this.objects.get(key);
    if (there === undefined) {
      this.objects.set(key, Uint8Array.from(body));
      return 'created';
    }
    return Buffer.compare(there, body) === 0 ? 'same' : refuse('TARGET_CONFLICT', `${key} holds other bytes`);
  }

  async *get(key: string, range: Range = { offset: 0 }): AsyncGenerator<Uint8Array> {
    this.assertKey(key);
    const found = this.objects.get(key) ?? refuse('OBJECT_MISSING', `${key} is not there`);
    const end = range.length === undefined ? found.length : Math.min(found.length, range.offset + range.length);
    for (let at = range.offset; at < end; at += 2 ** 20) {
      this.host.signal.throwIfAborted();
      yield found.slice(at, Math.min(end, at + 2 ** 20));
    }
    this.host.signal.throwIfAborted();
  }

  async *list(prefix: string, after = ''): AsyncGenerator<Listed> {
    if (prefix !== '') this.assertKey(prefix.endsWith('/') ? prefix.slice(0, -1) : '');
    for (const key of [...this.objects.keys()].sort()) {
      if (key.startsWith(prefix) && key > after) yield { key, size: this.objects.get(key)?.length ?? 0 };
    }
  }

  async now(): Promise<Date> {
    return this.host.now();
  }

  async delete(key: string): Promise<void> {
    this.assertKey(key);
    this.objects.delete(key);
  }

  async move(key: string, to: string): Promise<void> {
    this.assertKey(key);
    this.assertKey(to);
    const body = this.objects.get(key) ?? refuse('OBJECT_MISSING', `${key} is not there`);
    if (this.objects.has(to)) refuse('TARGET_CONFLICT', `${to} is taken`);
    this.objects.set(to, body);
    this.objects.delete(key);
  }

  async capacity() {
    return { used: 0, total: 2 ** 30 };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  assertKey(key: string): void {
    const good = key.length <= 255 && key.split('/').every((part) => /^(?!\.{1,2}$)[a-z0-9._-]+$/.test(part));
    if (!good) refuse('KEY_INVALID', JSON.stringify(key));
  }
}

/** Fails as a target does. */
export function refuse(code: string, message: string): never {
  return fail({ code, message, origin: 'target', permanent: true });
}

type TargetClass = new (objects: Map<string, Uint8Array>, host: Host) => Target;

/** Where the places are: in this process, or, by another class, outside it. */
export interface Places {
  get(place: string): Map<string, Uint8Array> | undefined;
  make(place: string): void;
}

const inMemory: Places = {
  get: (place) => places.get(place),
  make: (place) => places.set(place, new Map()),
};

/** A plugin whose targets are of this class. */
export function memoryPlugin(Class: TargetClass, where: Places = inMemory): TargetPlugin<typeof options> {
  return definePlugin({
    kind: 'target',
    name: 'memory',
    api: 1,
    version: '1.0.0',
    stability: 'experimental',
    summary: 'Objects in the memory of this process.',
    options,
    identity: ({ place }: Options) => `memory:${place}`,
    async create({ place }: Options) {
      if (where.get(place) === undefined) where.make(place);
    },
    async open({ place }: Options, host: Host) {
      return new Class(where.get(place) ?? refuse('TARGET_MISSING', `there is no ${place}`), host);
    },
  });
}
