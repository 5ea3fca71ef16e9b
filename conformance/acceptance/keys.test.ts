import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { noise } from '../kit/samples.ts';
import { OtlpReceiver } from '../services/otlp-receiver.ts';
import { assertSameContent } from './difference.ts';
import { Machine, PASSPHRASE } from './machine.ts';
import { assertExit, documentOf, type Ended, until } from './program.ts';

const CONTENT = 'plaintext that must not be found anywhere';
const NAME = 'a-name-that-must-not-be-found';
const LIST = ['ls', 'files', '--json'];

let machine: Machine;
let key = '';
before(async () => {
  machine = await Machine.create();
  key = join(machine.state, 'recovery-key.asc');
  await mkdir(join(machine.data, NAME));
  await writeFile(join(machine.data, NAME, 'file'), CONTENT.repeat(100));
  await writeFile(join(machine.data, 'noise'), noise(1, 3_000_000));
  await machine.ask(['run']);
});
after(() => machine[Symbol.asyncDispose]());

function codeOf(ended: Ended): string | undefined {
  return documentOf<{ failure?: Failure }>(ended).failure?.code;
}

/** Files and folders with a passphrase, one of each way to give it. */
async function places(credential: string, file: string): Promise<{ CREDENTIALS_DIRECTORY: string; file: string }> {
  const folder = machine.place('credentials');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'holdfast-passphrase'), `${credential}\n`);
  await writeFile(machine.place('passphrase'), `${file}\n`, { mode: 0o600 });
  return { CREDENTIALS_DIRECTORY: folder, file: machine.place('passphrase') };
}

test('the passphrase is taken from a credential, else a file, else the environment; what is named first decides', async () => {
  const right = await places(PASSPHRASE, 'wrong');
  const { CREDENTIALS_DIRECTORY } = right;
  const asked = async (exit: number, env: Record<string, string>, ...more: readonly string[]) => {
    const ended = await machine.call([...LIST, ...more], { env });
    assertExit(ended, exit);
    return ended;
  };
  const wrong = { HOLDFAST_PASSPHRASE: 'wrong' };
  await asked(0, { ...wrong, CREDENTIALS_DIRECTORY, HOLDFAST_PASSPHRASE_FILE: right.file });
  await asked(0, { ...wrong, CREDENTIALS_DIRECTORY }, '--passphrase-file', right.file);
  await places('wrong', PASSPHRASE);
  await asked(77, { CREDENTIALS_DIRECTORY, HOLDFAST_PASSPHRASE_FILE: right.file });
  await asked(0, { ...wrong, HOLDFAST_PASSPHRASE_FILE: right.file });
  await asked(0, wrong, '--passphrase-file', right.file);
  await places('wrong', 'wrong');
  await asked(77, { HOLDFAST_PASSPHRASE_FILE: right.file });
  await asked(0, {});
});

test('without any passphrase: exit 77, and a hint that names every place it is taken from', async () => {
  const ended = await machine.call(LIST, { env: { HOLDFAST_PASSPHRASE: '' } });
  assertExit(ended, 77);
  assert.equal(codeOf(ended), 'PASSPHRASE_NEEDED');
  for (const place of [
    /CREDENTIALS_DIRECTORY/,
    /--passphrase-file/,
    /HOLDFAST_PASSPHRASE_FILE/,
    /HOLDFAST_PASSPHRASE$/m,
    /terminal/,
  ]) {
    assert.match(ended.stderr, place);
  }
});

test('a wrong passphrase, a wrong key, a damaged key and a damaged pack are four different errors', async () => {
  const restore = (name: string) => ['restore', 'files', '--json', '--into', machine.place(name)];
  const wrongPassphrase = await machine.call(restore('a'), { env: { HOLDFAST_PASSPHRASE: 'wrong' } });
  assert.deepEqual([wrongPassphrase.exit, codeOf(wrongPassphrase)], [77, 'WRONG_PASSPHRASE']);

  await using other = await Machine.create();
  const wrongKey = await machine.call([...restore('b'), '--key', join(other.state, 'recovery-key.asc')]);
  assert.deepEqual([wrongKey.exit, codeOf(wrongKey)], [77, 'WRONG_KEY']);

  const torn = machine.place('torn.asc');
  await writeFile(torn, (await readFile(key, 'utf8')).slice(0, -200));
  const damagedKey = await machine.call([...restore('c'), '--key', torn]);
  assert.deepEqual([damagedKey.exit, codeOf(damagedKey)], [1, 'KEY_DAMAGED']);

  const packs = await machine.objects('packs');
  const [largest = ''] = [...packs].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const pack = join(machine.repository, largest);
  const bytes = await readFile(pack);
  const spoilt = Buffer.from(bytes);
  spoilt[1000] = (spoilt[1000] ?? 0) ^ 1;
  await rm(pack);
  await writeFile(pack, spoilt);
  try {
    const damaged = await machine.call(restore('d'));
    // What is not damaged is restored: finished, but incomplete.
    assertExit(damaged, 3);
    assert.match(damaged.stderr, /(FRAME|PACK)_DAMAGED/);
    assert.equal(existsSync(join(machine.place('d'), 'noise')), false, 'nothing is written that was not authentic');
    const verified = await machine.call(['verify', '--level', 'decrypt', '--json']);
    assertExit(verified, 1);
    const { findings } = documentOf<VerifyReport>(verified);
    assert.ok(findings.length > 0 && findings.every(({ object }) => object.includes(largest)));
  } finally {
    await writeFile(pack, bytes);
  }
});

/** Every file below `folder` whose name or content holds one of `words`. */
async function filesWith(folder: string, words: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const bytes = entry.isFile() ? await readFile(path) : Buffer.alloc(0);
    if (words.some((word) => entry.name.includes(word) || bytes.includes(word))) found.push(path);
  }
  return found;
}

test('no secret is among the arguments, in what is said, in traces, or in any file; no plaintext in the repository', async () => {
  await using receiver = await OtlpReceiver.open();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  const child = machine.start(['restore', 'files', '--verbose', '--into', machine.place('said')], { env });
  // Where every user of the machine can see it: `ps`.
  await until(child, () => existsSync(machine.place('said')));
  assert.ok(!readFileSync(`/proc/${child.process.pid}/cmdline`).includes(PASSPHRASE));
  const wrong = { ...env, HOLDFAST_PASSPHRASE: `${PASSPHRASE}, nearly` };
  const all = [
    await child.ended,
    await machine.call(['run', '--verbose'], { env }),
    await machine.call(['verify', '--level', 'decrypt', '--verbose', '--json'], { env }),
    await machine.call(['ls', 'files', '--verbose', '--json'], { env: wrong }),
    await machine.call(['keys', '--json', '--verbose'], { env }),
  ];
  for (const { command, stdout, stderr } of all) {
    assert.ok(!(stdout + stderr).includes(PASSPHRASE), `${command} says the passphrase`);
    assert.ok(!(stdout + stderr).includes('PRIVATE KEY'), `${command} says a private key`);
  }
  assert.ok(receiver.requests.length >= 3);
  for (const { body, headers } of receiver.requests) {
    assert.ok(!body.includes(PASSPHRASE) && !JSON.stringify(headers).includes(PASSPHRASE));
  }
  await rm(machine.place('said'), { recursive: true });
  await rm(machine.place('credentials'), { recursive: true });
  await rm(machine.place('passphrase'));
  assert.deepEqual(await filesWith(machine.folder, [PASSPHRASE]), []);
  assert.deepEqual(await filesWith(machine.repository, [CONTENT, NAME, 'BEGIN PGP']), []);
});

test('a host from which the recovery key was taken goes on backing up, and reads nothing', async () => {
  const away = machine.place('usb-stick.asc');
  await rename(key, away);
  try {
    await writeFile(join(machine.data, 'later'), noise(2, 100_000));
    await machine.ask(['run']);
    await machine.ask(['init']);
    assert.equal(existsSync(key), false, 'it is not made a second time');
    await machine.ask(['verify']);
    await machine.ask(['snapshots']);
    for (const args of [
      LIST,
      ['verify', '--level', 'decrypt', '--json'],
      ['restore', 'files', '--json', '--into', machine.place('no')],
    ]) {
      const ended = await machine.call(args);
      assertExit(ended, 77);
      assert.equal(codeOf(ended), 'READER_KEY_MISSING');
      assert.match(ended.stderr, /--key/);
    }
    assert.equal(existsSync(machine.place('no')), false);
    await machine.ask(['ls', 'files', '--key', away]);
  } finally {
    await rename(away, key);
  }
});

test('another machine, with the repository, the policy and the recovery key, and nothing else, restores', async () => {
  await machine.ask(['run']);
  await using other = await Machine.create();
  // As if it were new: nothing of its own, and nothing of the machine that is gone but these three.
  await rm(other.state, { recursive: true });
  await rm(other.repository, { recursive: true });
  // The policy, and the public key beside it, come from git: it is by their word that the writer is trusted.
  await copyFile(machine.place('recovery.asc'), other.place('recovery.asc'));
  await cp(machine.repository, other.repository, { recursive: true });
  const usb = other.place('usb-stick.asc');
  await copyFile(key, usb);
  const into = other.place('recovered');
  await other.ask(['restore', 'files', '--into', into, '--key', usb]);
  assertSameContent(machine.data, into);
  const report = await other.ask<VerifyReport>(['verify', '--level', 'decrypt', '--key', usb]);
  assert.deepEqual(report.findings, []);
  // To write there is another matter: that needs keys of its own.
  assertExit(await other.call(['run']), 77);
});
