/** Reads repositories of the vectors, whole. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { builtinPlugins } from '../../../agent/cli/builtin.ts';
import { type Failure, fail, HoldfastError, type Target } from '../../../agent/contract/index.ts';
import { EpochKeys } from '../../../agent/recovery/epoch-keys.ts';
import { FrameSource } from '../../../agent/recovery/frame-source.ts';
import { Gate } from '../../../agent/recovery/gate.ts';
import { PageCache } from '../../../agent/recovery/page-cache.ts';
import { Patience } from '../../../agent/recovery/patience.ts';
import { SnapshotReader } from '../../../agent/recovery/snapshot-reader.ts';
import { codecsOf } from '../../../agent/recovery/unlocked-domain.ts';
import type { UnlockedSnapshot } from '../../../agent/recovery/unlocked-snapshot.ts';
import { brokenLinks } from '../../../agent/repository/chains.ts';
import { loadIndex } from '../../../agent/repository/index-loading.ts';
import { type Approver, readApprover } from '../../../agent/repository/keys/approver.ts';
import { type Identity, unlockIdentity } from '../../../agent/repository/keys/identity.ts';
import { readMarker } from '../../../agent/repository/marker.ts';
import { listSnapshots, readSnapshot } from '../../../agent/repository/snapshots.ts';
import { Store } from '../../../agent/repository/store.ts';
import { Writers } from '../../../agent/repository/writers.ts';
import { noReadCounters } from '../../../agent/workers/counters.ts';
import { Reading } from '../../../agent/workers/reading.ts';
import { person } from './openpgp.ts';
import type { RepositoryVector } from './vector.ts';

const registry = builtinPlugins();

/** What a worker opens frames with, in this thread: a session of its own for each of these would take a minute. */
export function openReading(domain: Uint8Array, idKey: Uint8Array): Promise<Reading> {
  const control = new SharedArrayBuffer(64);
  return Reading.create({ kind: 'read', control, domain, idKey, codecs: codecsOf(registry), absent: {} });
}

const identities = new Map<string, Promise<Identity>>();
let approving: Promise<Approver[]> | undefined;

function heeded(): Promise<Approver[]> {
  approving ??= Promise.all(
    ['recovery', 'escrow'].map(async (name) => readApprover(name, (await person(name)).publicKey)),
  );
  return approving;
}

/** Of a test key: unlocked once, and each message opened once. */
function identityOf(name: string): Promise<Identity> {
  let identity = identities.get(name);
  if (identity === undefined) {
    identity = person(name).then(async ({ privateKey }) => remembering(await unlockIdentity(privateKey, '')));
    identities.set(name, identity);
  }
  return identity;
}

function remembering(identity: Identity): Identity {
  const opened = new Map<string, Promise<Uint8Array>>();
  return {
    fingerprint: identity.fingerprint,
    sign: (statement, now) => identity.sign(statement, now),
    decrypt(message) {
      const name = sha256(message);
      const known = opened.get(name) ?? identity.decrypt(message);
      opened.set(name, known);
      // Whoever opened it wipes it.
      return known.then((bytes) => bytes.slice());
    },
  };
}

class Objects implements Target {
  readonly #vector: RepositoryVector;

  constructor(vector: RepositoryVector) {
    this.#vector = vector;
  }

  put(): never {
    assert.fail('a reader writes nothing');
  }

  async *get(key: string, range = { offset: 0, length: Number.POSITIVE_INFINITY }): AsyncGenerator<Uint8Array> {
    const object =
      this.#bytes(key) ?? fail({ code: 'OBJECT_MISSING', message: key, origin: 'target', permanent: true });
    yield new Uint8Array(object.subarray(range.offset, range.offset + (range.length ?? Number.POSITIVE_INFINITY)));
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; size: number }> {
    for (const key of Object.keys(this.#vector.objects).sort()) {
      if (key.startsWith(prefix)) yield { key, size: this.#bytes(key)?.length ?? 0 };
    }
  }

  now(): Promise<Date> {
    return Promise.resolve(new Date());
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #bytes(key: string): Uint8Array | undefined {
    const { objects, lengths } = this.#vector;
    const given = objects[key];
    if (given === undefined) return undefined;
    const bytes = Buffer.from(given, 'hex');
    return lengths?.[key] === undefined ? bytes : Buffer.concat([bytes], lengths[key]);
  }
}

export function memoryTarget(vector: RepositoryVector): Target {
  return new Objects(vector);
}

function storeOf(vector: RepositoryVector): Store {
  return new Store([{ name: vector.target ?? 'vector', target: memoryTarget(vector) }]);
}

/** Those that `recovery` and `escrow` vouch for. */
export async function writersOf(vector: RepositoryVector): Promise<Writers> {
  const store = storeOf(vector);
  const { id } = await readMarker(store);
  return Writers.load(store, id, { approvers: await heeded() });
}

export interface Read {
  /** The artifacts, as vectors have them. */
  readonly holds: unknown[];
  /** What was reported besides, by its code; of snapshots and removals with the key in front of it. */
  readonly findings: string[];
  /** Keys of snapshots that are there and wanted no more. */
  readonly forgotten: string[];
}

/** Reads the snapshot that a vector names, with all of the agent but its threads. */
export async function readRepository(vector: RepositoryVector): Promise<Read> {
  const store = storeOf(vector);
  const writers = await writersOf(vector);
  const listing = await listSnapshots(store, writers);
  const { snapshots, damaged, unapproved } = listing;
  const outside = [
    ...brokenLinks(listing).map(({ key, failure: { code } }) => `${key} ${code}`),
    ...damaged.map(({ key, failure: { code } }) => `${key} ${code}`),
    ...unapproved.map(({ key }) => `${key} WRITER_UNAPPROVED`),
    ...writers.problems.map(({ failure: { code } }) => code),
  ];
  const refused = unapproved.find(({ key }) => key === vector.read);
  if (refused !== undefined) {
    if (vector.findings !== undefined) assert.deepEqual(outside.sort(), inWords(vector.findings));
    throw new HoldfastError(writers.unapproved(refused.writer, refused.key));
  }
  if (listing.voids.some(({ key }) => key === vector.read)) await readSnapshot(store, writers, vector.read);
  const forgotten = listing.forgotten.map(({ key }) => key).sort();
  const snapshot = [...snapshots, ...listing.forgotten].find(({ key }) => key === vector.read);
  if (snapshot === undefined) throw new HoldfastError(failureOf(damaged, vector.read));
  const { header } = snapshot.opened;
  const identity = await identityOf(vector.reader);
  const epochs = new EpochKeys({ store, writers, domain: header.domain, identity });
  const domain = await epochs.domainKeys(header.epoch);
  const body = snapshot.opened.body(await epochs.privateKey(header.epoch));
  const { index, packs, problems } = await loadIndex(store, domain, 'read', {
    epochs: { usable: await epochs.present() },
  });
  const reading = await openReading(Buffer.from(domain.id, 'hex'), domain.idKey);
  const unlocked = {
    ...{ snapshot, body, domain, packs, gate: new Gate(1), artifact: -1 },
    ...{ pages: new PageCache(), fetched: noReadCounters().fetch },
    frames: new FrameSource({
      store,
      domain,
      epochs,
      index,
      packs,
      patience: new Patience(new AbortController().signal),
    }),
    session: { send: async (request: Parameters<Reading['answer']>[0]) => reading.answer({ ...request, n: 0 }) },
  } as unknown as UnlockedSnapshot;
  const reader = new SnapshotReader(unlocked);
  const holds: unknown[] = [];
  for await (const { name, kind } of reader.parts()) {
    holds.push(kind === 'tree' ? await treeOf(reader, name) : await streamOf(reader, name));
  }
  return {
    holds,
    forgotten,
    findings: [
      ...outside,
      // Costs nothing but a look into another pack; the page says that it is no damage.
      ...problems.map(({ failure: { code } }) => code).filter((code) => code !== 'PACK_MISSING'),
    ],
  };
}

/** Of fragments and writers the agent keeps the failure only, which names the object in words. */
export function inWords(findings: RepositoryVector['findings'] = []): string[] {
  return findings.map(([key, code]) => (/^(snapshots|removals)\//.test(key) ? `${key} ${code}` : code)).sort();
}

function failureOf(damaged: readonly { key: string; failure: Failure }[], key: string): Failure {
  const missing: Failure = { code: 'OBJECT_MISSING', message: key, origin: 'repository', permanent: true };
  return damaged.find((one) => one.key === key)?.failure ?? missing;
}

async function streamOf(reader: SnapshotReader, name: string): Promise<unknown> {
  const content = await joined(reader.bytes(name));
  return { name, kind: 'bytes', size: content.length, sha256: sha256(content) };
}

async function treeOf(reader: SnapshotReader, name: string): Promise<unknown> {
  const entries: unknown[] = [];
  for await (const entry of reader.tree(name)) {
    const { mode, uid, gid, mtimeNs, birthNs, xattrs, flags } = entry.meta;
    const kind = entry.kind === 'special' ? entry.type : entry.kind;
    const common = {
      ...{ path: hex(entry.path), kind, mode, owner: [uid, gid], mtime: timeOf(mtimeNs) },
      ...(birthNs === undefined ? {} : { birth: timeOf(birthNs) }),
      ...(flags === undefined ? {} : { flags }),
      ...(xattrs === undefined
        ? {}
        : { xattrs: Object.fromEntries(Object.entries(xattrs).map(([key, value]) => [key, hex(value)])) }),
    };
    if (entry.kind === 'file') {
      const { size, sparse, content } = entry;
      const read = sha256(await joined(content.read()));
      entries.push({ ...common, size, sha256: read, ...(sparse === undefined ? {} : { sparse }) });
    } else if (entry.kind === 'special') entries.push({ ...common, device: [entry.major, entry.minor] });
    else if (entry.kind === 'directory') entries.push(common);
    else entries.push({ ...common, target: hex(entry.target) });
  }
  return { name, kind: 'tree', entries };
}

function timeOf(ns: bigint): [seconds: number, nanoseconds: number] {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return [Number((ns - rest) / 1_000_000_000n), Number(rest)];
}

async function joined(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
