import { createHash, createHmac, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { encode as encodeCbor, rfc8949EncodeOptions } from 'cborg';
import { encode, type Value } from '../repository/encoding.ts';
import { encodeFragment } from '../repository/fragment.ts';
import { type Birth, createBirth, sealFrame } from '../repository/frame.ts';
import { aeadSeal, deriveKey, KEY_BYTES, NONCE_BYTES } from '../repository/keys/aead.ts';
import { type DomainKeys, domainKeys } from '../repository/keys/domain.ts';
import { type HostDomain, type HostKeys, loadHostKeys } from '../repository/keys/host-keys.ts';
import { indexKey, packKey, snapshotKey } from '../repository/layout.ts';
import { objectHeader } from '../repository/object.ts';
import { encodeReferences } from '../repository/references.ts';
import { sealRecord } from '../repository/sealed.ts';
import { encodeBirth, encodeTable, type PackFrame, type PackTable } from '../repository/table.ts';
import { encodeTrailer, sealTable } from '../repository/trailer.ts';

/** A chunk as it is to be claimed: by default what `bytes` are. */
export interface CraftedChunk {
  readonly bytes: Uint8Array;
  readonly id?: Uint8Array;
  readonly length?: number;
}

/** A frame as it is to be claimed: by default its chunks, joined, compressed by zstd. */
export interface CraftedFrame {
  readonly chunks: readonly CraftedChunk[];
  readonly codec?: number;
  readonly encoded?: Uint8Array;
}

/** A chunk as lists name it: id and plaintext length. */
export interface ChunkRef {
  readonly id: Uint8Array;
  readonly length: number;
}

/** An entry by the numbers of FORMAT.md §14; what is missing is that of a plain file of nobody in particular. */
export type CraftedEntry = Readonly<Record<number, unknown>>;

const ZSTD = 1;
let made = 0;

/**
 * Writes objects that no agent writes, with the keys of a host: everything in them authenticates, and nothing below that was
 * checked by anybody. They are put into the folder of a local target as files.
 */
export class CraftedRepository {
  readonly host: HostKeys;
  readonly domain: HostDomain;
  readonly keys: DomainKeys;
  readonly #root: string;

  private constructor(root: string, host: HostKeys, domain: HostDomain) {
    this.#root = root;
    this.host = host;
    this.domain = domain;
    this.keys = domainKeys(domain.id, domain.name, domain.secret);
  }

  /** `root`: the folder of the target; the host in `stateFolder` has made a run already. */
  static async open(root: string, stateFolder: string): Promise<CraftedRepository> {
    const host = await loadHostKeys(stateFolder);
    const [domain] = host?.domains ?? [];
    if (host === undefined || domain === undefined) throw new Error('there was no run yet');
    return new CraftedRepository(root, host, domain);
  }

  idOf(bytes: Uint8Array): Uint8Array {
    return createHmac('sha256', this.keys.idKey).update(bytes).digest();
  }

  /** Stores a pack of these frames, named in a fragment; `table` may lie about it. Returns the chunks of each frame as they were claimed. */
  pack(frames: readonly CraftedFrame[], table: (honest: PackTable) => PackTable = (honest) => honest): ChunkRef[][] {
    const { birth, frameKey } = this.#birth();
    const parts: Uint8Array[] = [objectHeader('pack')];
    const entries: PackFrame[] = [];
    const all: ChunkRef[] = [];
    let offset = 8;
    const refs = frames.map(({ chunks, codec = ZSTD, encoded }, ordinal) => {
      const plain = Buffer.concat(chunks.map(({ bytes }) => bytes));
      const own = chunks.map((chunk) => ({
        id: chunk.id ?? this.idOf(chunk.bytes),
        length: chunk.length ?? chunk.bytes.length,
      }));
      const plainLength = own.reduce((sum, { length }) => sum + length, 0);
      const context = {
        domain: Buffer.from(this.domain.id, 'hex'),
        salt: birth.salt,
        ordinal,
        codec,
        plainLength,
        chunks: idsOf(own),
      };
      const sealed = sealFrame(frameKey, { ...context, encoded: encoded ?? zstdCompressSync(plain) });
      entries.push({
        offset,
        sealedLength: sealed.length,
        plainLength,
        birth: 0,
        ordinal,
        codec,
        firstChunk: all.length,
        chunkCount: own.length,
      });
      all.push(...own);
      parts.push(sealed);
      offset += sealed.length;
      return own;
    });
    const encodedTable = encodeTable(table({ births: [birth], frames: entries, ...idsOf(all) }));
    const sealedTable = sealTable(this.keys.indexKey, Buffer.from(this.domain.id, 'hex'), encodedTable);
    const size = offset + sealedTable.length + 16;
    const bytes = Buffer.concat([...parts, sealedTable, encodeTrailer(sealedTable.length, size)]);
    const name = sha256(bytes);
    this.put(packKey(this.domain.id, name), bytes);
    this.fragment([{ name, size, table: encodedTable }]);
    return refs;
  }

  fragment(packs: readonly { name: string; size: number; table: Uint8Array }[]): void {
    const domain = Buffer.from(this.domain.id, 'hex');
    const { bytes, name } = encodeFragment({ domain, indexKey: this.keys.indexKey, packs });
    this.put(indexKey(this.domain.id, name), bytes);
  }

  /** Stores chunks one to a frame, all in one pack. */
  chunks(...bytes: readonly Uint8Array[]): ChunkRef[] {
    return this.pack(bytes.map((one) => ({ chunks: [{ bytes: one }] }))).flat();
  }

  /** Stores a tree of one page for each list of entries, and a snapshot of it; returns its hash. `size`: of all files. */
  tree(pages: readonly (readonly CraftedEntry[])[], over: CraftedOver = {}): string {
    const contents = pages.map((entries) => Buffer.concat(entries.map(encodeEntry)));
    const refs = this.chunks(...contents);
    const named = refs.map(({ id, length }, i) => [id, length, (pages[i]?.[0]?.[0] as Uint8Array) ?? new Uint8Array()]);
    return this.snapshot({ pages: named, ...over });
  }

  /** Signs a snapshot with one tree, `files`. Its job is one of its own, so that it is the first of its chain. */
  snapshot(o: CraftedOver & { readonly pages: Value }): string {
    const job = o.job ?? `crafted-${made++}`;
    const sequence = o.sequence ?? 1;
    const { domain, host } = this;
    const size = o.size ?? 0;
    const time = new Date().toISOString();
    const facts = randomBytes(32);
    const encoded = encode({
      repository: host.repository,
      domain: domain.id,
      epoch: domain.epoch.id,
      writer: host.writer,
      job,
      source: 'files',
      sequence,
      previous: sequence === 1 ? '' : '00'.repeat(32),
      started: time,
      finished: time,
      verdict: 'complete',
      host: 'crafted',
      policyHash: '00'.repeat(32),
      pipeline: null,
      artifacts: [{ name: 'files', kind: 'tree', facts: null, size, entries: 1 }],
      facts,
      needs: [],
      counters: {},
      skipped: 0,
      agent: '0.0.0',
      ...o.header,
    });
    const header = replaced(encoded, encode(facts), o.facts ?? encode(null));
    const body = encode({ artifacts: [{ name: 'files', kind: 'tree', size, pages: o.pages }], skipped: [], ...o.body });
    const context = Buffer.concat([objectHeader('snapshot'), createHash('sha256').update(header).digest()]);
    const references = o.references ?? encodeReferences({ births: [] });
    const { birth, frameKey } = this.#birth();
    const key = deriveKey(frameKey, birth.salt, 'holdfast v1 body', KEY_BYTES);
    const signed = Buffer.concat([
      objectHeader('snapshot'),
      prefixed(header),
      prefixed(sealRecord(this.keys.indexKey, 'references', context, references)),
      encodeBirth(birth),
      prefixed(aeadSeal(key, new Uint8Array(NONCE_BYTES), body, context)),
    ]);
    const bytes = Buffer.concat([signed, host.signer.sign(signed)]);
    this.put(snapshotKey(host.writer, job, sequence), bytes);
    return sha256(bytes);
  }

  put(key: string, bytes: Uint8Array): void {
    const path = join(this.#root, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }

  #birth(): { birth: Birth; frameKey: Uint8Array } {
    const { id, epoch } = this.domain;
    return createBirth({
      domain: Buffer.from(id, 'hex'),
      epoch: Buffer.from(epoch.id, 'hex'),
      epochPublicKey: epoch.publicKey,
    });
  }
}

export interface CraftedOver {
  readonly job?: string;
  readonly sequence?: number;
  readonly size?: number;
  /** The facts, as they are encoded. */
  readonly facts?: Uint8Array;
  readonly header?: Readonly<Record<string, Value>>;
  readonly body?: Readonly<Record<string, Value>>;
  /** Not sealed yet. */
  readonly references?: Uint8Array;
}

/** `n × 36` bytes, as lists of chunks are. */
export function listOf(refs: readonly ChunkRef[]): Uint8Array {
  const bytes = new Uint8Array(refs.length * 36);
  const view = new DataView(bytes.buffer);
  refs.forEach(({ id, length }, i) => {
    bytes.set(id, i * 36);
    view.setUint32(i * 36 + 32, length, true);
  });
  return bytes;
}

/** A path or link target: text, or any bytes. */
export function raw(path: string | Uint8Array): Uint8Array {
  return typeof path === 'string' ? Buffer.from(path) : path;
}

const meta = { 2: 0o644, 3: process.getuid?.() ?? 0, 4: process.getgid?.() ?? 0, 5: 1_700_000_000, 6: 0 };

export function folder(path: string | Uint8Array, over: CraftedEntry = {}): CraftedEntry {
  return { ...meta, 0: raw(path), 1: 0, 2: 0o755, ...over };
}

export function file(path: string | Uint8Array, refs: readonly ChunkRef[], over: CraftedEntry = {}): CraftedEntry {
  const size = refs.reduce((sum, { length }) => sum + length, 0);
  return { ...meta, 0: raw(path), 1: 1, 8: size, 9: listOf(refs), ...over };
}

export function symlink(path: string | Uint8Array, target: string | Uint8Array): CraftedEntry {
  return { ...meta, 0: raw(path), 1: 2, 2: 0o777, 11: raw(target) };
}

export function hardlink(path: string | Uint8Array, target: string | Uint8Array): CraftedEntry {
  return { ...meta, 0: raw(path), 1: 3, 11: raw(target) };
}

/** `kind`: 4 fifo, 5 socket, 6 char, 7 block. */
export function special(path: string, kind: number, major = 0, minor = 0): CraftedEntry {
  return { ...meta, 0: raw(path), 1: kind, 12: major, 13: minor };
}

function encodeEntry(entry: CraftedEntry): Uint8Array {
  const keys = Object.keys(entry)
    .map(Number)
    .sort((a, b) => a - b);
  return encodeCbor(new Map(keys.map((key) => [key, entry[key]])), rfc8949EncodeOptions);
}

function idsOf(refs: readonly ChunkRef[]): { ids: Uint8Array; lengths: Uint32Array } {
  return { ids: Buffer.concat(refs.map(({ id }) => id)), lengths: Uint32Array.from(refs, ({ length }) => length) };
}

function replaced(bytes: Uint8Array, part: Uint8Array, by: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(part);
  return at < 0 ? bytes : Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + part.length)]);
}

function prefixed(part: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(part.length);
  return Buffer.concat([length, part]);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A folder with something of each kind in it that must stay as it is. */
export function makeSentinel(root: string): void {
  mkdirSync(join(root, 'folder'), { recursive: true });
  writeFileSync(join(root, 'file'), randomBytes(64).toString('hex'));
  writeFileSync(join(root, 'folder/inner'), 'inner', { mode: 0o600 });
}

/** All that can be seen of a tree, the times of its inodes too: whatever touches it shows. */
export function stateOf(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (path: string): void => {
    const stats = lstatSync(path, { bigint: true });
    const { ino, mode, uid, gid, nlink, size, mtimeNs, ctimeNs } = stats;
    const content = stats.isFile() ? readFileSync(path, 'hex') : stats.isSymbolicLink() ? readlinkSync(path) : '';
    found[path.slice(root.length)] = [ino, mode, uid, gid, nlink, size, mtimeNs, ctimeNs, content].join(' ');
    if (stats.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(root);
  return found;
}
