/** Keys of recipients that nothing may be sealed to, and what is left when one of two is lost. The real program is asked. */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateKey, readPrivateKey } from 'openpgp';
import type { Failure } from '../../agent/contract/index.ts';
import { assertSameContent } from '../acceptance/difference.ts';
import { Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf, type Ended } from '../acceptance/program.ts';

const DAY = 86_400_000;
const keys = fileURLToPath(new URL('./keys/', import.meta.url));
const made = (name: string) => readFileSync(join(keys, `${name}.asc`), 'utf8');
const born = new Date(Date.now() - 400 * DAY);

async function pair(days?: number): Promise<{ publicKey: string; privateKey: string }> {
  return generateKey({
    userIDs: { name: 'second' },
    curve: 'curve25519Legacy',
    type: 'ecc',
    date: born,
    ...(days === undefined ? {} : { keyExpirationTime: days * 86_400 }),
    format: 'armored',
  });
}

let machine: Machine;
let good: { publicKey: string; privateKey: string };
before(async () => {
  machine = await Machine.create();
  good = await pair();
  writeFileSync(join(machine.data, 'file'), 'content');
  const policy = readFileSync(machine.policy, 'utf8');
  const recipients = 'recipients: { recovery: { publicKey: recovery.asc }, second: { publicKey: second.asc } }';
  writeFileSync(machine.policy, policy.replace(/^recipients: .*$/m, recipients));
});
after(() => machine[Symbol.asyncDispose]());

const second = (text: string) => writeFileSync(machine.place('second.asc'), text);

function failureOf(ended: Ended): Failure | undefined {
  const { runs, failure } = documentOf<{ runs?: readonly { failure?: Failure }[]; failure?: Failure }>(ended);
  return failure ?? runs?.[0]?.failure;
}

async function revoked(): Promise<string> {
  const key = await readPrivateKey({ armoredKey: good.privateKey });
  return (await key.revoke(undefined, born)).toPublic().armor();
}

async function weakRsa(): Promise<string> {
  const options = { userIDs: { name: 'second' }, type: 'rsa', rsaBits: 1024, date: born, format: 'armored' } as const;
  return (await generateKey({ ...options, config: { minRSABits: 1024 } })).publicKey;
}

async function signsOnly(): Promise<string> {
  const { publicKey } = await generateKey({
    userIDs: { name: 'signs' },
    date: born,
    subkeys: [{ sign: true }],
    format: 'armored',
  });
  return publicKey;
}

const refused: Record<string, readonly [reason: RegExp, text: () => string | Promise<string>]> = {
  'an expired key': [/it is expired/, async () => (await pair(30)).publicKey],
  'a revoked key': [/it is revoked/, revoked],
  'a key that only signs': [/no encryption subkey/, signsOnly],
  'a key of DSA and ElGamal': [/too weak|no longer safe/, () => made('dsa-elgamal')],
  'a key of RSA with 1024 bits': [/too weak|no longer safe/, () => weakRsa()],
  'a key that signed itself by SHA-1': [/signed by SHA-1/, () => made('sha1-signed')],
  'the key of another recipient once more': [
    /another recipient has the same key/,
    () => readFileSync(machine.place('recovery.asc'), 'utf8'),
  ],
  'a private key': [/it is a private key/, () => good.privateKey],
  'two keys': [/the file holds 2 keys/, async () => good.publicKey + (await pair()).publicKey],
  'an armor that was cut': [/not an armored/, () => good.publicKey.slice(0, -120)],
  'another file': [/not an armored/, () => 'root:x:0:0:root:/root:/bin/bash\n'],
};

for (const [name, [reason, text]] of Object.entries(refused)) {
  test(`${name}: exit 77, the recipient, the reason and what to do; nothing is written`, async () => {
    const key = await text();
    second(key);
    const before = readdirSync(machine.repository, { recursive: true }).length;
    const ended = await machine.call(['run', '--json']);
    assertExit(ended, 77);
    const failure = failureOf(ended);
    assert.equal(failure?.code, 'RECIPIENT_UNUSABLE');
    assert.match(failure?.message ?? '', /recipient second cannot be used/);
    assert.match(failure?.message ?? '', reason);
    assert.ok(failure?.hint);
    assert.equal(readdirSync(machine.repository, { recursive: true }).length, before);
    const part = key.slice(Math.max(0, key.length / 2 - 20), key.length / 2 + 10);
    for (const folder of [machine.state, machine.repository]) assert.deepEqual(filesWith(folder, part), []);
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes(part));
  });
}

/** Files below `folder` that hold a text: what was refused is kept nowhere, but for the public half that `init` made itself. */
function filesWith(folder: string, text: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name !== 'recovery-key.pub.asc')
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, 'latin1').includes(text));
}

test('of two recipients, each opens everything alone; a key that expires between two runs ends the runs', async () => {
  const short = await pair(430);
  second(short.publicKey);
  await machine.ask(['run']);
  // The recovery key is lost.
  renameSync(join(machine.state, 'recovery-key.asc'), machine.place('lost'));
  writeFileSync(machine.place('second-key.asc'), short.privateKey, { mode: 0o600 });
  const into = machine.place('restored');
  await machine.ask(['restore', 'files', '--into', into, '--key', machine.place('second-key.asc')]);
  assertSameContent(machine.data, into);
  copyFileSync(machine.place('lost'), join(machine.state, 'recovery-key.asc'));

  const nodeArgs = ['--import', import.meta.resolve('./shifted-clock.ts')];
  const env = { HOLDFAST_TEST_SHIFT: `${60 * DAY}` };
  const ended = await machine.call(['run', '--json'], { nodeArgs, env });
  assertExit(ended, 77);
  assert.equal(failureOf(ended)?.code, 'RECIPIENT_UNUSABLE');
  assert.match(failureOf(ended)?.message ?? '', /it is expired/);
  assert.equal((await machine.snapshots()).length, 1);
  await machine.ask(['restore', 'files', '--into', machine.place('still')]);
});

test('without any recipient that can be used, init makes no epoch', async () => {
  await using other = await Machine.create();
  writeFileSync(join(other.folder, 'recovery.asc'), await revoked());
  const before = readdirSync(join(other.repository, 'keys'), { recursive: true }).length;
  const ended = await other.call(['init', '--json']);
  assertExit(ended, 77);
  assert.equal(failureOf(ended)?.code, 'RECIPIENT_UNUSABLE');
  assert.equal(readdirSync(join(other.repository, 'keys'), { recursive: true }).length, before);
});
