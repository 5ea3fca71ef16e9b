import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import {
  chmod,
  link,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { refusal } from '../refusal.ts';
import { createEpoch, unlockEpoch } from './epoch.ts';
import { type HostKeys, loadHostKeys, saveHostKeys } from './host-keys.ts';
import { generateKeyPair } from './hpke.ts';
import { exposureOf, replaceKeyFile } from './key-file.ts';
import { generateSigner } from './signing.ts';
import { flipped, NOW, person } from './test-keys.ts';

const alice = await person('alice');
const repository = 'bb'.repeat(16);

interface State extends AsyncDisposable {
  readonly folder: string;
  readonly file: string;
}

async function state(): Promise<State> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-host-keys-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, file: join(folder, 'host-keys'), [Symbol.asyncDispose]: remove };
}

async function hostKeys(): Promise<HostKeys & { readonly epochPrivateKey: Uint8Array }> {
  const signer = generateSigner();
  const writer = randomBytes(16).toString('hex');
  const domain = { id: 'cc'.repeat(16), name: 'web1 default', secret: new Uint8Array(randomBytes(32)) };
  const { epoch } = await createEpoch({
    repository,
    writer,
    domain,
    recipients: [alice.recipient],
    signer,
    created: NOW,
  });
  const { id, publicKey, created, recipients } = epoch;
  const { privateKey } = await unlockEpoch(epoch, alice.identity);
  const domains = [{ ...domain, epoch: { id, publicKey, created, recipients } }];
  return { repository, writer, signer, join: generateKeyPair(), domains, epochPrivateKey: privateKey };
}

test('a host without keys has none, in a folder that may not be there yet', async () => {
  await using at = await state();
  assert.equal(await loadHostKeys(at.folder), undefined);
  assert.equal(await loadHostKeys(join(at.folder, 'new')), undefined);
  await saveHostKeys(join(at.folder, 'new'), await hostKeys());
  assert.equal((await stat(join(at.folder, 'new'))).mode & 0o777, 0o700);
});

test('come back as they were, in a file for this user alone', async () => {
  await using at = await state();
  const keys = await hostKeys();
  const saved = await saveHostKeys(at.folder, keys);
  const loaded = await loadHostKeys(at.folder);
  assert.deepEqual(loaded?.domains, keys.domains);
  assert.deepEqual(loaded?.signer.seed, keys.signer.seed);
  assert.deepEqual(loaded?.join, keys.join);
  assert.deepEqual([loaded?.repository, loaded?.writer], [keys.repository, keys.writer]);
  assert.equal(loaded?.revision, saved.revision);
  assert.equal((await stat(at.file)).mode & 0o777, 0o600);
  assert.deepEqual((await readdir(at.folder)).sort(), ['host-keys', 'host-keys.lock']);
});

test('hold what a host needs, and never the private key of an epoch', async () => {
  await using at = await state();
  const keys = await hostKeys();
  await saveHostKeys(at.folder, keys);
  const bytes = await readFile(at.file);
  assert.ok(bytes.includes(keys.signer.seed) && bytes.includes(keys.domains[0]?.secret ?? bytes));
  assert.equal(bytes.indexOf(keys.epochPrivateKey), -1);
});

test('are replaced only by who has seen what is there', async () => {
  await using at = await state();
  const first = await saveHostKeys(at.folder, await hostKeys());
  const second = await saveHostKeys(at.folder, { ...first, domains: [] });
  await assert.rejects(saveHostKeys(at.folder, first), refusal('KEYS_CHANGED'));
  await assert.rejects(saveHostKeys(at.folder, await hostKeys()), refusal('KEYS_CHANGED'));
  assert.equal((await loadHostKeys(at.folder))?.revision, second.revision);
  await rm(at.file);
  await assert.rejects(saveHostKeys(at.folder, second), refusal('KEYS_CHANGED'));
});

test('what a process that died left behind is neither read nor in the way', async () => {
  await using at = await state();
  await writeFile(join(at.folder, 'host-keys.new'), 'half', { mode: 0o600 });
  assert.equal(await loadHostKeys(at.folder), undefined);
  const keys = await saveHostKeys(at.folder, await hostKeys());
  await writeFile(join(at.folder, 'host-keys.new'), 'half', { mode: 0o600 });
  await saveHostKeys(at.folder, { ...keys, domains: [] });
  assert.deepEqual((await loadHostKeys(at.folder))?.domains, []);
});

test('one process makes them, and none loses what another added', async () => {
  await using at = await state();
  const racers = ['11', '22', '33'].map((digits) => {
    const child = fork(new URL('./host-keys-racer.ts', import.meta.url), [at.folder, digits.repeat(16), '4'], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    return { child, exited: once(child, 'exit') };
  });
  await Promise.all(racers.map(({ child }) => once(child, 'message')));
  const results = racers.map(({ child }) => once(child, 'message'));
  for (const { child } of racers) child.send('go');
  const firsts = (await Promise.all(results)).map(([message]) => message.first).sort();
  assert.deepEqual(firsts, ['KEYS_CHANGED', 'KEYS_CHANGED', 'saved']);
  await Promise.all(racers.map(({ exited }) => exited));
  const names = (await loadHostKeys(at.folder))?.domains.map(({ name }) => name).sort();
  assert.equal(new Set(names).size, 12);
  assert.equal(names?.length, 12);
});

test('the first keys are not overwritten even where the lock did not hold', async () => {
  await using at = await state();
  const other = Buffer.from('stored by another process');
  const store = () =>
    replaceKeyFile(at.folder, Buffer.from('ours'), () => {
      writeFileSync(at.file, other, { mode: 0o600 });
      return true;
    });
  assert.throws(store, refusal('KEYS_CHANGED'));
  assert.deepEqual(await readFile(at.file), other);
});

test('a file that others can read or write is refused', async () => {
  await using at = await state();
  const keys = await saveHostKeys(at.folder, await hostKeys());
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o677]) {
    await chmod(at.file, mode);
    await assert.rejects(loadHostKeys(at.folder), refusal('KEYS_EXPOSED'));
    await assert.rejects(saveHostKeys(at.folder, keys), refusal('KEYS_EXPOSED'));
  }
  await chmod(at.file, 0o400);
  assert.equal((await loadHostKeys(at.folder))?.revision, keys.revision);
});

test('a folder that others can write to is refused', async () => {
  await using at = await state();
  await saveHostKeys(at.folder, await hostKeys());
  for (const mode of [0o770, 0o707]) {
    await chmod(at.folder, mode);
    await assert.rejects(loadHostKeys(at.folder), refusal('KEYS_EXPOSED'));
  }
  await chmod(at.folder, 0o755);
  assert.ok(await loadHostKeys(at.folder));
});

test('the file of another user is refused, even by root', () => {
  const stats = { mode: 0o100600, uid: 1000, isFile: () => true };
  assert.equal(exposureOf('host-keys', stats, 1000), undefined);
  assert.match(exposureOf('host-keys', stats, 0)?.reason ?? '', /belongs to user 1000/);
});

test('what is not a regular file is refused', async () => {
  await using at = await state();
  await saveHostKeys(at.folder, await hostKeys());
  await rename(at.file, `${at.file}.moved`);
  await symlink(`${at.file}.moved`, at.file);
  await assert.rejects(loadHostKeys(at.folder), refusal('KEYS_EXPOSED'));
  await rm(at.file);
  await link(`${at.file}.moved`, at.file);
  assert.ok(await loadHostKeys(at.folder));
});

test('a bit flipped anywhere, or a cut, is damage', async () => {
  await using at = await state();
  await saveHostKeys(at.folder, await hostKeys());
  const bytes = await readFile(at.file);
  for (let bit = 0; bit < bytes.length * 8; bit += 5) {
    await writeFile(at.file, flipped(bytes, bit));
    await assert.rejects(loadHostKeys(at.folder), refusal('KEY_DAMAGED'));
  }
  for (const length of [0, 1, 31, 32, 33, bytes.length - 1]) {
    await writeFile(at.file, bytes);
    await truncate(at.file, length);
    await assert.rejects(loadHostKeys(at.folder), refusal('KEY_DAMAGED'));
  }
});

test('keys that could not be read back are never stored, and the failure keeps the secret', async () => {
  await using at = await state();
  const keys = await hostKeys();
  const [domain] = keys.domains;
  assert.ok(domain);
  const canary = new Uint8Array(Buffer.from('canary canary canary canary canary'));
  const attempt = saveHostKeys(at.folder, { ...keys, domains: [{ ...domain, secret: canary }] });
  const thrown: unknown = await attempt.catch((error: unknown) => error);
  refusal('KEY_DAMAGED')(thrown);
  const shown = inspect(thrown, { depth: 9, showHidden: true }) + JSON.stringify(thrown);
  assert.doesNotMatch(shown, /canary|63616e617279|99,97,110|99, 97, 110/);
  assert.equal(await loadHostKeys(at.folder), undefined);
});

test('a folder that cannot be used says which', async () => {
  await using at = await state();
  await writeFile(at.file, '');
  await assert.rejects(saveHostKeys(at.file, await hostKeys()), refusal('KEYS_UNAVAILABLE'));
});
