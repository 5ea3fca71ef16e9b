import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { encodeFragment } from '../../agent/repository/fragment.ts';
import { createBirth, sealFrame } from '../../agent/repository/frame.ts';
import { privateKeyObject, rawPublicKey } from '../../agent/repository/keys/curve-key.ts';
import { domainKeys } from '../../agent/repository/keys/domain.ts';
import { decodeEpoch } from '../../agent/repository/keys/epoch.ts';
import { type HostDomain, type HostKeys, loadHostKeys } from '../../agent/repository/keys/host-keys.ts';
import { generateRecoveryKey } from '../../agent/repository/keys/identity.ts';
import { indexKey, packKey, snapshotKey } from '../../agent/repository/layout.ts';
import { PackWriter } from '../../agent/repository/pack.ts';
import { Fleet, type FleetHost } from '../acceptance/fleet.ts';
import { PASSPHRASE } from '../acceptance/machine.ts';
import { assertExit, documentOf } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import { filesOf, hunt } from './key-hunt.ts';

/* Two hosts share a domain, as the policy says. One of them is not what it was: somebody else holds all that it holds. */

const POLICY = `retention: { common: {} }
jobs: { files: { source: files, targets: [local], retention: common } }
domains: { together: { hosts: ["db-*"], retention: [common] } }
`;
const created = new Date(Date.now() - 60_000);
const key = await generateRecoveryKey({ name: 'operator', passphrase: PASSPHRASE, created });

let fleet: Fleet;
let honest: FleetHost;
let bad: FleetHost;
let keys: HostKeys;
let domain: HostDomain;
before(async () => {
  fleet = await Fleet.create(POLICY, key);
  honest = await joined('db-1', 'init');
  await writeFile(join(honest.data, 'ledger'), 'what db-1 alone may know');
  await honest.ask(['run']);
  bad = await joined('db-2', 'init', '--join');
  await writeFile(join(bad.data, 'own'), noise(2, 5000));
  await bad.ask(['run']);
  keys = (await loadHostKeys(bad.state)) ?? assert.fail('the neighbour has no keys');
  domain = keys.domains.find(({ name }) => name === 'together') ?? assert.fail('the domain is not shared');
});
after(() => fleet[Symbol.asyncDispose]());

async function joined(name: string, ...init: string[]): Promise<FleetHost> {
  const host = await fleet.host(name);
  const { writer } = await host.ask<{ writer: { code: string } }>(init);
  await fleet.askOperator(['keys', 'approve', writer.code, '--yes', '--key', fleet.key]);
  return host;
}

async function put(key: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(join(fleet.repository, key)), { recursive: true });
  await writeFile(join(fleet.repository, key), bytes, { flag: 'wx' });
}

const operated = async (...args: string[]) => fleet.operate([...args, '--key', fleet.key, '--json']);

test("all that a neighbour holds opens no epoch of the domain: neither the other host's nor its own", async (t) => {
  const objects = await filesOf([join(fleet.repository, 'keys/epochs')]);
  const writers = new Map<string, Uint8Array>([[keys.writer, keys.signer.publicKey]]);
  const other = (await loadHostKeys(honest.state)) ?? assert.fail();
  writers.set(other.writer, other.signer.publicKey);
  const epochs = [...objects].map(([path, bytes]) =>
    decodeEpoch(bytes, path.slice(fleet.repository.length + 1), (id) => writers.get(id), keys.repository),
  );
  assert.equal(new Set(epochs.map(({ writer }) => writer)).size, 2);
  const isPrivateKey = (candidate: Uint8Array) => {
    const publicKey = rawPublicKey(privateKeyObject('x25519', candidate));
    return epochs.some((epoch) => Buffer.compare(epoch.publicKey, publicKey) === 0) ? 'an epoch' : undefined;
  };
  const { finds, tried } = hunt(await filesOf([bad.state]), isPrivateKey);
  assert.deepEqual(finds, []);
  t.diagnostic(`${tried} candidates`);
  const { snapshots } = await bad.ask<{ snapshots: { id: string; host: string }[] }>(['snapshots']);
  const theirs = snapshots.find(({ host }) => host === 'db-1')?.id ?? '';
  assertExit(await bad.call(['restore', 'files', '--at', theirs, '--into', fleet.place('no')]), 77);
});

/** Stores something else under the id of `content`, as whoever has the domain's keys can. */
async function poison(content: Buffer): Promise<void> {
  const { id, idKey, indexKey: opening } = domainKeys(domain.id, domain.name, domain.secret);
  const raw = Buffer.from(id, 'hex');
  const { birth, frameKey } = createBirth({
    domain: raw,
    epoch: Buffer.from(domain.epoch.id, 'hex'),
    epochPublicKey: domain.epoch.publicKey,
  });
  const chunks = {
    ids: createHmac('sha256', idKey).update(content).digest(),
    lengths: Uint32Array.of(content.length),
  };
  const frame = { ordinal: 0, codec: 0, plainLength: content.length, chunks };
  const encoded = Buffer.alloc(content.length, 'not what you backed up. ');
  const sealed = sealFrame(frameKey, { domain: raw, salt: birth.salt, ...frame, encoded });
  const writer = new PackWriter({ domain: raw, indexKey: opening, buffer: new ArrayBuffer(1 << 20) });
  writer.append({ birth: writer.addBirth(birth), ...frame, sealed });
  const pack = writer.seal();
  await put(packKey(id, pack.name), pack.bytes);
  const packs = [{ name: pack.name, size: pack.bytes.length, table: pack.table }];
  const fragment = encodeFragment({ domain: raw, indexKey: opening, packs });
  await put(indexKey(id, fragment.name), fragment.bytes);
}

test('a neighbour that stores something else under the id of a chunk can spoil it, and never makes a restore give its bytes', async () => {
  const content = Buffer.from('the content of a file that db-2 can guess. '.repeat(30));
  await poison(content);
  await writeFile(join(honest.data, 'guessable'), content);
  const { runs } = await honest.ask<{ runs: RunReport[] }>(['run']);
  assert.ok((runs[0]?.totals.newBytes ?? 0) < content.length + 1000);
  const into = fleet.place('poisoned');
  const { snapshots } = await fleet.askOperator<{ snapshots: { id: string; host: string }[] }>(['snapshots']);
  const latest = snapshots.findLast(({ host }) => host === 'db-1')?.id ?? '';
  const ended = await operated('restore', 'files', '--at', latest, '--into', into);
  assertExit(ended, 3);
  assert.match(ended.stderr, /guessable.*FRAME_DAMAGED/);
  await assert.rejects(readFile(join(into, 'guessable')), { code: 'ENOENT' });
  assert.equal(await readFile(join(into, 'ledger'), 'utf8'), 'what db-1 alone may know');
  const verified = await operated('verify', '--level', 'decrypt');
  assertExit(verified, 1);
  await rm(join(honest.data, 'guessable'));
});

test("a neighbour signs nothing in the other host's name", async () => {
  const other = (await loadHostKeys(honest.state)) ?? assert.fail();
  const own = await filesOf([join(fleet.repository, 'snapshots', keys.writer)]);
  const [forged] = own.values();
  assert.ok(forged);
  await put(snapshotKey(other.writer, 'files', 9), forged);
  const { snapshots, damaged } = documentOf<{ snapshots: { key: string }[]; damaged: { failure: Failure }[] }>(
    await fleet.operate(['snapshots', '--json']),
  );
  assert.ok(snapshots.every(({ key: name }) => !name.endsWith('/0000000009')));
  assert.deepEqual(
    damaged.map(({ failure }) => failure.code),
    ['SIGNATURE_INVALID'],
  );
});
