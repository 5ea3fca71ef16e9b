import { type ApprovalParts, approval } from './approval-vectors.ts';
import { domain, epochId, idKey, indexKey, joinKeys, repository, writer, writerSigner } from './domain-keys.ts';
import { type EpochParts, epochFields } from './epoch-vectors.ts';
import {
  type BirthKeys,
  birth,
  cbor,
  chunkReferences,
  fixed,
  fragment,
  frame,
  hmac,
  keyPair,
  latin1,
  type NewFrame,
  object,
  pack,
  references,
  sha256,
  snapshot,
  table,
  type VectorFrame,
} from './reference-writer.ts';
import { type Entry, entryBytes, entryInWords } from './tree-entries.ts';
import { hex } from './vector.ts';
import { voidObject } from './void-vectors.ts';

/** An epoch of the one domain: its name is the label of its key pair. */
export const FIRST_EPOCH = 'epoch';
const epochIdOf = (name: string) => (name === FIRST_EPOCH ? epochId : fixed(`${name} id`, 16));

export interface Pack {
  readonly key: string;
  readonly bytes: Buffer;
  readonly table: Buffer;
  /** What a snapshot names to need all of it. */
  readonly needs: readonly { salt: Uint8Array; ordinals: readonly number[] }[];
}

/** A page of an artifact, as its snapshot names it. */
export interface Page {
  readonly chunk: Buffer;
  readonly first: Uint8Array;
}

export interface Artifact {
  readonly name: string;
  readonly kind: 'tree' | 'bytes';
  readonly size: number;
  readonly entries: number;
  readonly pages: readonly Page[];
  /** What is read of it. */
  readonly holds: unknown;
}

/** A repository being written, object by object, in the order that a writer keeps. */
export class Repository {
  readonly objects: Record<string, string> = {};
  readonly #last = new Map<string, { sequence: number; hash: string }>();

  /** With its marker and its one writer, which `recovery` has approved; `host`: as the writer says. */
  static async create(epochs: readonly (EpochParts & { name?: string })[] = [{}]): Promise<Repository> {
    const made = new Repository();
    const created = '2026-01-02T03:04:05.006Z';
    made.put('repository', object('repository', cbor({ id: hex(repository), created })));
    const { publicKey } = writerSigner;
    const joinKey = (await joinKeys()).publicKey;
    const fields = { id: hex(writer), repository: hex(repository), host: 'host-1', publicKey, joinKey };
    made.put(`keys/writers/${hex(writer)}`, object('writer', cbor({ ...fields, created }), writerSigner));
    await made.approve();
    for (const { name = FIRST_EPOCH, ...parts } of epochs) await made.epoch(name, parts);
    return made;
  }

  put(key: string, bytes: Uint8Array): string {
    this.objects[key] = hex(bytes);
    return key;
  }

  /** An approval of its one writer; `by`: a name in openpgp-keys.json. */
  async approve(o: ApprovalParts = {}): Promise<string> {
    const { key, bytes } = await approval(o);
    return this.put(key, bytes);
  }

  async epoch(name: string, parts: EpochParts = {}): Promise<void> {
    const fields = await epochFields({ id: epochIdOf(name), pair: name, ...parts });
    this.put(`keys/epochs/${fields.domain}/${fields.id}`, object('epoch', cbor(fields), writerSigner));
  }

  /** A pack of one birth. */
  async pack(label: string, frames: readonly NewFrame[], epoch = FIRST_EPOCH): Promise<Pack> {
    const keys = await this.birth(label, epoch);
    return this.packOf(
      label,
      [keys],
      frames.map((one) => frame(keys, domain, idKey, one)),
    );
  }

  async birth(label: string, epoch = FIRST_EPOCH): Promise<BirthKeys> {
    return birth(label, domain, epochIdOf(epoch), (await keyPair(epoch)).pair.publicKey);
  }

  packOf(label: string, births: readonly BirthKeys[], frames: readonly VectorFrame[]): Pack {
    const plain = table(births, frames);
    const bytes = pack(label, domain, indexKey, frames, plain);
    const name = hex(sha256(bytes));
    const key = this.put(`packs/${hex(domain)}/${name.slice(0, 2)}/${name}`, bytes);
    const needs = births.map(({ salt }, i) => ({
      salt,
      ordinals: frames
        .filter((one) => one.birth === i)
        .map(({ ordinal }) => ordinal)
        .sort((a, b) => a - b),
    }));
    return { key, bytes, table: plain, needs };
  }

  fragment(label: string, packs: readonly Pack[], key = indexKey): string {
    const bytes = fragment(
      label,
      domain,
      key,
      packs.map(({ bytes: of, table: plain }) => ({ pack: of, table: plain })),
    );
    return this.put(`indexes/${hex(domain)}/${hex(sha256(bytes))}`, bytes);
  }

  /** The next snapshot of its job. `previous`, `sequence`: where it is not to follow the last one. */
  async snapshot(o: {
    readonly artifacts: readonly Artifact[];
    readonly packs: readonly Pack[];
    readonly epoch?: string;
    readonly sequence?: number;
    readonly previous?: string;
    readonly signer?: typeof writerSigner;
    readonly writer?: Uint8Array;
  }): Promise<string> {
    const { artifacts, packs, epoch = FIRST_EPOCH, signer = writerSigner, writer: by = writer } = o;
    const last = this.#last.get(hex(by)) ?? { sequence: 0, hash: '' };
    const sequence = o.sequence ?? last.sequence + 1;
    const header = {
      repository: hex(repository),
      domain: hex(domain),
      epoch: hex(epochIdOf(epoch)),
      writer: hex(by),
      ...{ job: 'app', source: 'app-files', sequence, previous: o.previous ?? last.hash },
      started: `2026-01-02T03:04:${String(sequence).padStart(2, '0')}.000Z`,
      finished: `2026-01-02T03:04:${String(sequence).padStart(2, '0')}.500Z`,
      ...{ verdict: 'complete', host: 'host-1', policyHash: hex(fixed('policy', 32)), pipeline: {} },
      artifacts: artifacts.map(({ name, kind, size, entries }) => ({ name, kind, facts: null, size, entries })),
      ...{ facts: null, needs: [], counters: {}, skipped: 0, agent: '0.1.0' },
    };
    const body = {
      artifacts: artifacts.map(({ name, kind, size, pages }) => ({
        ...{ name, kind, size },
        pages: pages.map(({ chunk, first }) => [hmac(idKey, chunk), chunk.length, first]),
      })),
      skipped: [],
    };
    const label = `snapshot ${sequence} of ${hex(by)}`;
    const parts = {
      header: cbor(header),
      references: references(packs.flatMap(({ needs }) => needs)),
      body: cbor(body),
    };
    const keys = { birth: await this.birth(`${label} body`, epoch), indexKey, sign: signer.sign };
    const bytes = snapshot(label, parts, keys);
    this.#last.set(hex(by), { sequence, hash: hex(sha256(bytes)) });
    return this.put(`snapshots/${hex(by)}/app/${String(sequence).padStart(10, '0')}`, bytes);
  }

  /** A void where the next snapshot of the one writer would lie. `previous`: where it is not to follow the last one. */
  void(changes: object = {}, signer = writerSigner): string {
    const { sequence: last, hash } = this.#last.get(hex(writer)) ?? { sequence: 0, hash: '' };
    const key = `snapshots/${hex(writer)}/app/${String(last + 1).padStart(10, '0')}`;
    const bytes = voidObject({ snapshot: key, previous: Buffer.from(hash, 'hex'), ...changes }, signer);
    this.#last.set(hex(writer), { sequence: last + 1, hash: hex(sha256(bytes)) });
    return this.put(key, bytes);
  }
}

/** A tree in pages of these entries. `firsts`: what the snapshot says of where pages start, when it is not so. */
export function tree(name: string, pages: readonly (readonly Entry[])[], firsts: readonly string[] = []): Artifact {
  const entries = pages.flat();
  return {
    name,
    kind: 'tree',
    size: entries.reduce((sum, { chunks = [] }) => sum + chunks.reduce((all, { length }) => all + length, 0), 0),
    entries: entries.length,
    pages: pages.map((page, i) => ({
      chunk: Buffer.concat(page.map(entryBytes)),
      first: latin1(firsts[i] ?? page[0]?.path ?? ''),
    })),
    holds: { name, kind: 'tree', entries: entries.map(entryInWords) },
  };
}

/** A stream in pages of these chunks. `more`: bytes that the next page, or the end, lies behind where it should. */
export function stream(name: string, pages: readonly (readonly Uint8Array[])[], more = 0): Artifact {
  let offset = 0;
  const made = pages.map((chunks) => {
    const first = Buffer.alloc(8);
    first.writeBigUInt64BE(BigInt(offset));
    offset += chunks.reduce((sum, { length }) => sum + length, more);
    return { chunk: chunkReferences(idKey, chunks), first };
  });
  const content = Buffer.concat(pages.flat());
  const holds = { name, kind: 'bytes', size: content.length, sha256: hex(sha256(content)) };
  return { name, kind: 'bytes', size: offset, entries: 0, pages: made, holds };
}
