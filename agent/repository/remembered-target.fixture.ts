import { createHash } from 'node:crypto';
import { fail, type Target } from '../contract/index.ts';
import { type HostKeys, newHostKeys } from './keys/host-keys.ts';
import { encodeWriter } from './keys/writer.ts';
import { writerKey } from './layout.ts';
import type { ObjectProblem } from './store.ts';
import { Store } from './store.ts';
import { Writers } from './writers.ts';

/** A target whose objects a test looks at and changes; and what a test does before a call of it, or throws in its place. */
export class RememberedTarget {
  readonly name: string;
  readonly objects = new Map<string, Uint8Array>();
  before: (call: 'put' | 'get' | 'list', key: string) => void = () => {};

  constructor(name: string) {
    this.name = name;
  }

  readonly target: Target = {
    put: async (key, body) => {
      this.before('put', key);
      const there = this.objects.get(key);
      if (there !== undefined && Buffer.compare(there, body) !== 0)
        refuse('TARGET_CONFLICT', `${key} holds other bytes`);
      this.objects.set(key, Uint8Array.from(body));
      return there === undefined ? 'created' : 'same';
    },
    get: (key) => this.#get(key),
    list: (prefix) => this.#list(prefix),
    now: async () => new Date(0),
    async [Symbol.asyncDispose]() {},
  };

  async *#get(key: string) {
    this.before('get', key);
    yield this.objects.get(key) ?? refuse('OBJECT_MISSING', `${key} is not there`);
  }

  async *#list(prefix: string) {
    this.before('list', prefix);
    for (const key of [...this.objects.keys()].sort())
      if (key.startsWith(prefix)) yield { key, size: this.objects.get(key)?.length ?? 0 };
  }
}

/** As a target fails that is away. */
export function unavailable(): never {
  return refuse('TARGET_UNAVAILABLE', 'the cable is out');
}

function refuse(code: string, message: string): never {
  return fail({ code, message, origin: 'target', permanent: false });
}

export const repository = '11'.repeat(16);
export const domain = '22'.repeat(16);
export const otherDomain = '33'.repeat(16);
/** Whom everybody here trusts, and a writer that nobody approved. */
export const host: HostKeys = newHostKeys(repository);
export const stranger: HostKeys = newHostKeys(repository);

/** A target that knows both writers, and what its reader, the host, knows of them. */
export async function knownWriters(...names: string[]): Promise<{ targets: RememberedTarget[]; writers: Writers }> {
  const targets = names.map((name) => new RememberedTarget(name));
  for (const { writer, signer, join } of [host, stranger]) {
    const said = { id: writer, repository, host: 'db-1', publicKey: signer.publicKey, joinKey: join.publicKey };
    const object = encodeWriter({ ...said, created: new Date(0).toISOString() }, signer);
    for (const { objects } of targets) objects.set(writerKey(writer), object);
  }
  const writers = await Writers.load(new Store(targets), repository, { own: host, approvers: [] });
  return { targets, writers };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function codes(problems: readonly ObjectProblem[]): [object: string, code: string][] {
  return problems.map(({ object, failure }) => [object, failure.code]);
}
