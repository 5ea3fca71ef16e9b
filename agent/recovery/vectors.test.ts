import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { objectVectors, readVectorFile } from '../../conformance/vectors/repository/generate.ts';
import { person } from '../../conformance/vectors/repository/openpgp.ts';
import { repositoryVectors } from '../../conformance/vectors/repository/repository-vectors.ts';
import { type RepositoryVector, type Vector, written } from '../../conformance/vectors/repository/vector.ts';
import { builtinPlugins } from '../cli/builtin.ts';
import { type Failure, fail, HoldfastError, type Target } from '../contract/index.ts';
import { brokenLinks } from '../repository/chains.ts';
import { loadIndex } from '../repository/index-loading.ts';
import { readApprover } from '../repository/keys/approver.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import { unlockIdentity } from '../repository/keys/identity.ts';
import { readMarker } from '../repository/marker.ts';
import { refusal } from '../repository/refusal.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import { Store } from '../repository/store.ts';
import { Writers } from '../repository/writers.ts';
import { noReadCounters } from '../workers/counters.ts';
import type { FrameToOpen } from '../workers/messages.ts';
import { Reading } from '../workers/reading.ts';
import { EpochKeys } from './epoch-keys.ts';
import { FrameSource } from './frame-source.ts';
import { Gate } from './gate.ts';
import { PageCache } from './page-cache.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { codecsOf } from './unlocked-domain.ts';
import type { UnlockedSnapshot } from './unlocked-snapshot.ts';

const registry = builtinPlugins();

/** What a worker opens frames with, in this thread: a session of its own for each of these would take a minute. */
function openReading(domain: Uint8Array, idKey: Uint8Array): Promise<Reading> {
  const control = new SharedArrayBuffer(64);
  return Reading.create({ kind: 'read', control, domain, idKey, codecs: codecsOf(registry), absent: {} });
}

async function readFrame(vector: Vector): Promise<string[]> {
  const hexOf = (name: string) => Buffer.from(vector.keys?.[name] ?? '', 'hex');
  const described = vector.with as unknown as {
    readonly salt: string;
    readonly ordinal: number;
    readonly codec: number;
    readonly plainLength: number;
    readonly chunks: readonly (readonly [id: string, length: number])[];
  };
  const domain = hexOf('domain');
  const { idKey } = domainKeys(domain.toString('hex'), 'vectors', hexOf('domainSecret'));
  const frame: FrameToOpen = {
    ...described,
    sealed: Buffer.from(vector.bytes, 'hex'),
    frameKey: hexOf('frameKey'),
    salt: Buffer.from(described.salt, 'hex'),
    ids: Buffer.from(described.chunks.map(([id]) => id).join(''), 'hex'),
    lengths: Uint32Array.from(described.chunks, ([, length]) => length),
    name: 'the frame',
  };
  let offset = 0;
  const pieces = described.chunks.map(([, length]) => {
    offset += length;
    return { frame: 0, offset: offset - length, length };
  });
  const reading = await openReading(domain, idKey);
  const reply = reading.answer({ kind: 'give', n: 0, artifact: 0, frames: [frame], pieces });
  assert.equal(reply.kind, 'give');
  return pieces.map((piece) => sha256(reply.data.subarray(piece.offset, piece.offset + piece.length)));
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

async function readRepository(
  vector: RepositoryVector,
): Promise<{ holds: unknown[]; findings: string[]; forgotten: string[] }> {
  const store = new Store([{ name: vector.target ?? 'vector', target: new Objects(vector) }]);
  const { id } = await readMarker(store);
  const approvers = await Promise.all(
    ['recovery', 'escrow'].map(async (name) => readApprover(name, (await person(name)).publicKey)),
  );
  const writers = await Writers.load(store, id, { approvers });
  const listing = await listSnapshots(store, writers);
  const { snapshots, damaged, unapproved } = listing;
  const outside = [
    ...brokenLinks(listing).map(({ snapshot: { key }, failure: { code } }) => `${key} ${code}`),
    ...damaged.map(({ key, failure: { code } }) => `${key} ${code}`),
    ...unapproved.map(({ key }) => `${key} WRITER_UNAPPROVED`),
    ...writers.problems.map(({ failure: { code } }) => code),
  ];
  const refused = unapproved.find(({ key }) => key === vector.read);
  if (refused !== undefined) {
    if (vector.findings !== undefined) assert.deepEqual(outside.sort(), inWords(vector.findings));
    throw new HoldfastError(writers.unapproved(refused.writer, refused.key));
  }
  const forgotten = listing.forgotten.map(({ key }) => key).sort();
  const snapshot = [...snapshots, ...listing.forgotten].find(({ key }) => key === vector.read);
  if (snapshot === undefined) throw new HoldfastError(failureOf(damaged, vector.read));
  const { privateKey } = await person(vector.reader);
  const { header } = snapshot.opened;
  const identity = await unlockIdentity(privateKey, '');
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
    frames: new FrameSource({ store, domain, epochs, index, packs }),
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
function inWords(findings: RepositoryVector['findings'] = []): string[] {
  return findings.map(([key, code]) => (/^(snapshots|removals)\//.test(key) ? `${key} ${code}` : code)).sort();
}

function failureOf(damaged: readonly { key: string; failure: Failure }[], key: string): Failure {
  return damaged.find((one) => one.key === key)?.failure ?? assert.fail(`${key} was not seen`);
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

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const frames = (await objectVectors())['frames.json']?.vectors ?? [];
const repositories = await repositoryVectors();

for (const vector of frames) {
  test(`frames.json: ${vector.name}: ${vector.expect}`, async () => {
    if (vector.expect === 'ok') assert.deepEqual(await readFrame(vector), vector.holds);
    else await assert.rejects(readFrame(vector), refusal(vector.expect));
  });
}

for (const vector of repositories.vectors) {
  test(`repositories.json: ${vector.name}: ${vector.expect}`, async () => {
    if (vector.expect !== 'ok') return assert.rejects(readRepository(vector), refusal(vector.expect));
    const { holds, findings, forgotten } = await readRepository(vector);
    assert.deepEqual(forgotten, vector.forgotten ?? []);
    assert.deepEqual(holds, JSON.parse(JSON.stringify(vector.holds)));
    assert.deepEqual(findings.sort(), inWords(vector.findings));
  });
}

test('repositories.json is what its generator makes', () => {
  assert.equal(sha256(Buffer.from(readVectorFile('repositories.json'))), sha256(Buffer.from(written(repositories))));
});
