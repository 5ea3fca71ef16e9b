import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import { decodeFragment } from '../../agent/repository/fragment.ts';
import { domainKeys } from '../../agent/repository/keys/domain.ts';
import { createEpoch } from '../../agent/repository/keys/epoch.ts';
import { type HostKeys, loadHostKeys } from '../../agent/repository/keys/host-keys.ts';
import { generateRecoveryKey } from '../../agent/repository/keys/identity.ts';
import { readRecipient } from '../../agent/repository/keys/recipient.ts';
import { epochKey, indexKey, packKey, snapshotKey } from '../../agent/repository/layout.ts';
import { assertSameContent } from '../acceptance/difference.ts';
import { Fleet, type FleetHost } from '../acceptance/fleet.ts';
import { PASSPHRASE } from '../acceptance/machine.ts';
import { assertExit, documentOf } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import { filesOf } from './key-hunt.ts';

/*
 * Somebody has the credential with which a host puts objects to the target: creates, lists and reads, and neither overwrites nor deletes. And
 * Holdfast itself, with the host's policy, which is no secret.
 */

const POLICY =
  'retention: { standard: {} }\njobs: { files: { source: files, targets: [local], retention: standard } }\n';
const created = new Date(Date.now() - 60_000);
const key = await generateRecoveryKey({ name: 'operator', passphrase: PASSPHRASE, created });

interface Joined {
  readonly writer: { readonly code: string };
}

interface Listed {
  readonly snapshots: readonly { readonly id: string; readonly trust: string }[];
}

let fleet: Fleet;
let host: FleetHost;
let keys: HostKeys;
before(async () => {
  fleet = await Fleet.create(POLICY, key);
  host = await fleet.host('db-1');
  await writeFile(join(host.data, 'orders'), 'what was really ordered');
  const { writer } = await host.ask<Joined>(['init']);
  await fleet.askOperator(['keys', 'approve', writer.code, '--yes', '--key', fleet.key]);
  await host.ask(['run']);
  keys = (await loadHostKeys(host.state)) ?? assert.fail('the host has no keys');
});
after(() => fleet[Symbol.asyncDispose]());

/** The thief: a machine of the host's name, with a state folder and data of its own. */
const thief = {
  get env() {
    return { HOLDFAST_STATE: fleet.place('states/thief'), DATA: fleet.place('data/thief') };
  },
  call: (args: readonly string[], more: Record<string, string> = {}) =>
    host.call([...args, '--json'], { env: { ...thief.env, ...more } }),
};

/** As the credential allows: nothing that is there is replaced. */
async function put(key: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(join(fleet.repository, key)), { recursive: true });
  await writeFile(join(fleet.repository, key), bytes, { flag: 'wx' });
}

async function restoredByOperator(name: string, ...more: string[]): Promise<string> {
  const into = fleet.place(name);
  assertExit(await fleet.operate(['restore', 'files', '--key', fleet.key, '--into', into, ...more]), 0);
  return into;
}

const codeOf = (ended: Parameters<typeof documentOf>[0]) => documentOf<{ failure?: Failure }>(ended).failure?.code;

test("a thief who joins as the host's double, and backs up lies later than it, makes nothing that is restored", async () => {
  await mkdir(thief.env.DATA, { recursive: true });
  await writeFile(join(thief.env.DATA, 'orders'), 'what the thief would have liked');
  assertExit(await thief.call(['init', '--join']), 0);
  assertExit(await thief.call(['run']), 0);
  const { snapshots } = await fleet.askOperator<Listed>(['snapshots']);
  assert.deepEqual(snapshots.map(({ trust }) => trust).sort(), ['approved', 'unapproved']);
  assertSameContent(host.data, await restoredByOperator('latest'));
  const lie = snapshots.find(({ trust }) => trust === 'unapproved')?.id ?? '';
  const asked = ['restore', 'files', '--at', lie, '--key', fleet.key, '--into', fleet.place('lie'), '--json'];
  const refused = await fleet.operate(asked);
  assertExit(refused, 77);
  assert.equal(codeOf(refused), 'WRITER_UNAPPROVED');
});

test('and reads nothing, with a key of its own or with none', async () => {
  const own = await generateRecoveryKey({ name: 'thief', passphrase: PASSPHRASE, created });
  await writeFile(fleet.place('thief.asc'), own.privateKey, { mode: 0o600 });
  const into = ['--into', fleet.place('stolen')];
  for (const verb of [
    ['ls', 'files'],
    ['restore', 'files', ...into],
    ['verify', '--level', 'decrypt'],
  ]) {
    const without = await thief.call(verb);
    assertExit(without, 77);
    assert.equal(codeOf(without), 'READER_KEY_MISSING');
    const with_ = await thief.call([...verb, '--key', fleet.place('thief.asc')], { HOLDFAST_PASSPHRASE: PASSPHRASE });
    assertExit(with_, 77);
  }
});

test("and is not made a reader: an epoch that it puts beside the host's own is never sealed to", async () => {
  const stolen = (await loadHostKeys(thief.env.HOLDFAST_STATE)) ?? assert.fail('the thief has no keys');
  const own = await generateRecoveryKey({ name: 'thief', passphrase: PASSPHRASE, created });
  const recipient = await readRecipient('thief', own.publicKey, new Date());
  const [domain] = keys.domains;
  assert.ok(domain);
  for (const writer of [stolen.writer, keys.writer]) {
    const { epoch, object } = await createEpoch({
      repository: keys.repository,
      writer,
      domain: { id: domain.id, name: domain.name, secret: new Uint8Array(32) },
      recipients: [recipient],
      signer: stolen.signer,
      created: new Date(),
    });
    await put(epochKey(domain.id, epoch.id), object);
  }
  await writeFile(join(host.data, 'orders'), noise(7, 50_000));
  assertExit(await host.call(['run']), 0);
  const { indexKey: opening } = domainKeys(domain.id, domain.name, domain.secret);
  const indexes = await filesOf([join(fleet.repository, 'indexes', domain.id)]);
  const epochs = [...indexes].flatMap(([path, bytes]) => {
    const at = { domain: Buffer.from(domain.id, 'hex'), indexKey: opening, key: path };
    return decodeFragment(bytes, at).flatMap(({ table }) => table.births.map(({ epoch }) => hex(epoch)));
  });
  assert.ok(epochs.length >= 2);
  assert.deepEqual([...new Set(epochs)], [domain.epoch.id]);
  assertSameContent(host.data, await restoredByOperator('after'));
});

test('and what it puts under every name that is free stops neither backups nor restores', async () => {
  const [domain] = keys.domains;
  assert.ok(domain);
  const junk = Buffer.from(noise(8, 4096));
  const name = hex(noise(9, 32));
  await put(packKey(domain.id, name), junk);
  await put(indexKey(domain.id, name), junk);
  await put(snapshotKey(keys.writer, 'files', 3), junk); // the host's own next one
  await put(`keys/writers/${name.slice(0, 32)}`, junk);
  await put(`keys/approvals/${keys.writer}/${name}`, junk);
  await put(epochKey(domain.id, name.slice(0, 32)), junk);
  await put('packs/not-a-domain/at-all', junk);
  await put('whatever', junk);
  await writeFile(join(host.data, 'orders'), 'ordered after all that');
  assertExit(await host.call(['run']), 0);
  assertSameContent(host.data, await restoredByOperator('in-spite'));
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
