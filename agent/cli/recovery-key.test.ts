import assert from 'node:assert/strict';
import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  completeRecoveryKey,
  makeRecoveryKey,
  recoveryKeyFile,
  recoveryPassphraseFile,
  recoveryPublicKeyFile,
} from './recovery-key.ts';

async function inFolder(work: (stateFolder: string) => Promise<void>): Promise<void> {
  const stateFolder = mkdtempSync(join(tmpdir(), 'holdfast-recovery-key-'));
  try {
    await work(stateFolder);
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

const own = { name: 'Recovery', passphrase: 'correct horse', created: new Date('2026-01-01T00:00:00Z') };

test('whoever was killed while making the key left no public half that nobody can read with', async () => {
  await inFolder(async (stateFolder) => {
    const files = ['recovery-key.asc', 'recovery-key.pub.asc', 'recovery-passphrase'];
    await makeRecoveryKey({ stateFolder, ...own, keepPassphrase: true });
    assert.deepEqual(readdirSync(stateFolder).sort(), files);
    const fingerprint = await fingerprintOf(recoveryPublicKeyFile(stateFolder));

    // Killed before the public half was there, with pieces of files on the way.
    rmSync(recoveryPublicKeyFile(stateFolder));
    linkSync(recoveryPassphraseFile(stateFolder), `${recoveryPassphraseFile(stateFolder)}.0123456789ab.tmp`);
    writeFileSync(`${recoveryPublicKeyFile(stateFolder)}.ba9876543210.tmp`, 'half of');
    writeFileSync(join(stateFolder, 'recovery-key.asc.mine.tmp'), '');
    await completeRecoveryKey(stateFolder);
    assert.deepEqual(readdirSync(stateFolder).sort(), [...files, 'recovery-key.asc.mine.tmp'].sort());
    assert.equal(await fingerprintOf(recoveryPublicKeyFile(stateFolder)), fingerprint);

    // Taken off this host: it stays so.
    rmSync(recoveryKeyFile(stateFolder));
    const before = readFileSync(recoveryPublicKeyFile(stateFolder));
    await completeRecoveryKey(stateFolder);
    assert.deepEqual(readFileSync(recoveryPublicKeyFile(stateFolder)), before);
  });
});

test('the passphrase of a key that was never finished is not taken for that of the next', async () => {
  await inFolder(async (stateFolder) => {
    writeFileSync(recoveryPassphraseFile(stateFolder), 'of another key\n', { mode: 0o600 });
    await makeRecoveryKey({ stateFolder, ...own, keepPassphrase: false });
    assert.deepEqual(readdirSync(stateFolder).sort(), ['recovery-key.asc', 'recovery-key.pub.asc']);
  });
});

async function fingerprintOf(file: string): Promise<string> {
  const { readKey } = await import('openpgp');
  const key = await readKey({ armoredKey: readFileSync(file, 'utf8') });
  assert.equal(key.isPrivate(), false);
  return key.getFingerprint();
}
