import assert from 'node:assert/strict';
import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeFragment } from '../../agent/repository/fragment.ts';
import { type Birth, ID_BYTES, openBirth, openFrame } from '../../agent/repository/frame.ts';
import { aeadOpen, deriveKey, KEY_BYTES, NONCE_BYTES } from '../../agent/repository/keys/aead.ts';
import { privateKeyObject, rawPublicKey } from '../../agent/repository/keys/curve-key.ts';
import { type DomainKeys, domainKeys } from '../../agent/repository/keys/domain.ts';
import { decodeEpoch, unlockEpoch } from '../../agent/repository/keys/epoch.ts';
import { type HostKeys, loadHostKeys } from '../../agent/repository/keys/host-keys.ts';
import { unlockIdentity } from '../../agent/repository/keys/identity.ts';
import { packKey } from '../../agent/repository/layout.ts';
import { BIRTH_BYTES } from '../../agent/repository/table.ts';
import { Machine, PASSPHRASE } from '../acceptance/machine.ts';
import { assertExit } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import { filesOf, hunt } from './key-hunt.ts';

const CONTENT = 'what only a recipient may read';
const NAME = 'a-folder-that-was-deleted';

let machine: Machine;
let host: HostKeys;
let key = '';
before(async () => {
  machine = await Machine.create();
  await mkdir(join(machine.data, NAME));
  await writeFile(join(machine.data, NAME, 'file'), CONTENT.repeat(50));
  await writeFile(join(machine.data, 'noise'), noise(1, 20_000));
  await machine.ask(['run']);
  await writeFile(join(machine.data, 'more'), noise(2, 5_000));
  await machine.ask(['run']);
  const child = machine.start(['run']); // and one that was cut off, as by whoever pulls the plug
  await writeFile(join(machine.data, 'last'), noise(3, 5_000));
  await child.kill();
  await child.ended;
  await rm(join(machine.data, NAME), { recursive: true });
  key = machine.place('usb-stick.asc');
  await rename(join(machine.state, 'recovery-key.asc'), key);
  host = (await loadHostKeys(machine.state)) ?? assert.fail('the host has no keys');
});
after(() => machine[Symbol.asyncDispose]());

/** A ciphertext and what it is bound to, for keys that are used once or in order from 0. */
interface Sealed {
  readonly sealed: Uint8Array;
  readonly aad: Uint8Array;
}

/** What could be opened, had one the key to it: of all that lies in the repository. */
interface Locks {
  readonly epochs: readonly Uint8Array[];
  readonly births: readonly Birth[];
  /** Tries a frame key on a frame of each birth. */
  readonly frames: readonly ((key: Uint8Array) => unknown)[];
  /** Of snapshots; their key is one step further than that of frames. */
  readonly bodies: readonly Sealed[];
}

function domainOf(): DomainKeys {
  const [domain] = host.domains;
  assert.ok(domain);
  return domainKeys(domain.id, domain.name, domain.secret);
}

async function objectsOf(folder: string): Promise<[key: string, bytes: Buffer][]> {
  const files = await filesOf([join(machine.repository, folder)]);
  return [...files].map(([path, bytes]) => [path.slice(machine.repository.length + 1), bytes]);
}

async function epochs() {
  const objects = await objectsOf('keys/epochs');
  return objects.map(([name, bytes]) => decodeEpoch(bytes, name, () => host.signer.publicKey, host.repository));
}

async function locksOf(): Promise<Locks> {
  const { id, indexKey } = domainOf();
  const domain = Buffer.from(id, 'hex');
  const births: Birth[] = [];
  const frames: Locks['frames'][number][] = [];
  for (const [name, bytes] of await objectsOf('indexes')) {
    for (const { name: pack, table } of decodeFragment(bytes, { domain, indexKey, key: name })) {
      const stored = await readFile(join(machine.repository, packKey(id, pack)));
      births.push(...table.births);
      for (const { offset, sealedLength, birth, ordinal, codec, plainLength, firstChunk, chunkCount } of table.frames) {
        const { salt } = table.births[birth] ?? assert.fail();
        const chunks = {
          ids: table.ids.subarray(firstChunk * ID_BYTES, (firstChunk + chunkCount) * ID_BYTES),
          lengths: table.lengths.subarray(firstChunk, firstChunk + chunkCount),
        };
        const sealed = stored.subarray(offset, offset + sealedLength);
        frames.push((key) => openFrame(key, { domain, salt, ordinal, codec, plainLength, chunks, sealed }));
      }
    }
  }
  const bodies = (await objectsOf('snapshots')).map(([, bytes]) => bodyOf(bytes));
  return { epochs: (await epochs()).map(({ publicKey }) => publicKey), births, frames: frames.slice(0, 4), bodies };
}

/** FORMAT.md, "Snapshot": header, header record, references, birth, body, signature. */
function bodyOf(snapshot: Buffer): Sealed {
  const header = 8;
  const record = snapshot.subarray(header + 4, header + 4 + snapshot.readUInt32LE(header));
  const references = header + 4 + record.length;
  const body = references + 4 + snapshot.readUInt32LE(references) + BIRTH_BYTES;
  const sealed = snapshot.subarray(body + 4, body + 4 + snapshot.readUInt32LE(body));
  return {
    sealed,
    aad: Buffer.concat([snapshot.subarray(0, header), createHash('sha256').update(record).digest()]),
  };
}

/** What `candidate` opens, tried as every kind of key that a reader needs. */
function opener({ epochs, births, frames, bodies }: Locks): (candidate: Uint8Array) => string | undefined {
  return (candidate) => {
    const publicKey = rawPublicKey(privateKeyObject('x25519', candidate));
    if (epochs.some((epoch) => Buffer.compare(epoch, publicKey) === 0)) return 'the private key of an epoch';
    const opened = births.some(({ salt, commitment }) =>
      timingSafeEqual(deriveKey(candidate, salt, 'holdfast v1 frame', 2 * KEY_BYTES).subarray(KEY_BYTES), commitment),
    );
    if (opened) return 'a data key';
    if (frames.some((open) => succeeds(() => open(candidate)))) return 'a frame key';
    const isBody = ({ sealed, aad }: Sealed) =>
      aeadOpen(candidate, new Uint8Array(NONCE_BYTES), sealed, aad) !== undefined;
    return bodies.some(isBody) ? 'the key of a body' : undefined;
  };
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

test('the whole disk of a host that was stolen holds no key to what it backed up', async (t) => {
  const locks = await locksOf();
  assert.ok(locks.births.length >= 2 && locks.frames.length >= 2 && locks.bodies.length >= 2);
  const all = await filesOf([machine.folder]);
  const disk = new Map([...all].filter(([path]) => path !== key)); // the key was taken off it
  const { finds, tried } = hunt(disk, opener(locks));
  assert.deepEqual(finds, []);
  t.diagnostic(`${tried} candidates in ${disk.size} files, each tried on ${locks.births.length} births`);

  // The hunt finds what is there: each kind of key, however it is written down.
  const identity = await unlockIdentity(await readFile(key, 'utf8'), PASSPHRASE);
  const [epoch] = await epochs();
  assert.ok(epoch);
  const { privateKey } = await unlockEpoch(epoch, identity);
  const [birth] = locks.births.filter(({ epoch: id }) => Buffer.from(id).toString('hex') === epoch.id);
  assert.ok(birth);
  const frameKey = openBirth(birth, Buffer.from(domainOf().id, 'hex'), privateKey);
  const planted = new Map([
    ['as it is', Buffer.concat([noise(4, 77), privateKey, noise(5, 9)])],
    ['as hex', Buffer.from(`key = ${Buffer.from(privateKey).toString('hex')};`)],
    ['as base64', Buffer.from(`{"key":"${Buffer.from(privateKey).toString('base64')}"}`)],
    ['of frames', Buffer.concat([noise(6, 3), frameKey])],
  ]);
  for (const [path, bytes] of planted) {
    const found = hunt(new Map([[path, bytes]]), opener(locks)).finds;
    assert.deepEqual(found, [{ path, what: path === 'of frames' ? 'a frame key' : 'the private key of an epoch' }]);
  }
});

test('nor what was in files: only names of files that are on the host anyway, and of such that were, in its catalog', async () => {
  const disk = await filesOf([machine.state, machine.repository]);
  const holding = (word: string) => [...disk].filter(([, bytes]) => bytes.includes(word)).map(([path]) => path);
  assert.deepEqual(holding(CONTENT), []);
  for (const path of holding(NAME)) assert.match(path, /\/state\/catalog/);
});

test('and with all of it, every verb that reads ends with "not permitted"', async () => {
  const into = machine.place('stolen');
  for (const args of [
    ['restore', 'files', '--into', into],
    ['ls', 'files'],
    ['verify', '--level', 'decrypt'],
    ['verify', '--level', 'restore'],
  ])
    assertExit(await machine.call(args), 77);
});
