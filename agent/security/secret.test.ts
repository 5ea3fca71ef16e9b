import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SecretReference } from '../contract/index.ts';
import { readSecret } from './secret.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-secret-'));
});
after(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
  const at = path.join(folder, name);
  await writeFile(at, content);
  await chmod(at, mode);
  return at;
}

/** The code and message of the failure that `reference` ends in. */
async function failure(reference: SecretReference, env: NodeJS.ProcessEnv = {}): Promise<string> {
  try {
    await readSecret(reference, { env });
  } catch (error) {
    assert.ok(typeof error === 'object' && error !== null && 'failure' in error);
    const { code, message, hint = '' } = error.failure as { code: string; message: string; hint?: string };
    assert.doesNotMatch(`${message}${hint}`, /hunter2/, 'no message repeats what was read');
    return `${code} ${message}`;
  }
  return 'none';
}

const printing = (text: string, more = '') => [
  process.execPath,
  '-e',
  `process.stdout.write(${JSON.stringify(text)});${more}`,
];

describe('a secret is read', () => {
  test('from a credential, the environment, a file, a program', async () => {
    await file('s3', 'from credential\n', 0o440);
    const env = { CREDENTIALS_DIRECTORY: folder, S3_KEY: 'from environment' };
    const read = (reference: SecretReference) => readSecret(reference, { env });
    assert.equal(await read({ credential: 's3' }), 'from credential');
    assert.equal(await read({ env: 'S3_KEY' }), 'from environment');
    assert.equal(await read({ file: await file('private', 'two\nlines\r\n') }), 'two\nlines');
    assert.equal(await read({ command: printing('from a program\n') }), 'from a program');
  });

  test('from a program without a shell', async () => {
    const command = [process.execPath, '-e', 'process.stdout.write(process.argv[1])', '$(id); `id` > x'];
    assert.equal(await readSecret({ command }, { env: {} }), '$(id); `id` > x');
  });
});

describe('what cannot be had is said, and nothing that was read is repeated', () => {
  test('missing', async () => {
    assert.match(await failure({ credential: 's3' }), /^SECRET_MISSING .*no systemd credentials/);
    assert.match(await failure({ credential: 'no' }, { CREDENTIALS_DIRECTORY: folder }), /^SECRET_MISSING .*ENOENT/);
    assert.match(await failure({ credential: '../etc/passwd' }, { CREDENTIALS_DIRECTORY: folder }), /is not the name/);
    assert.match(await failure({ env: 'S3_KEY' }), /^SECRET_MISSING .*S3_KEY.* is not set/);
    assert.match(await failure({ env: 'S3_KEY' }, { S3_KEY: '' }), /^SECRET_MISSING .*S3_KEY.* is empty/);
    assert.match(await failure({ file: path.join(folder, 'none') }), /^SECRET_MISSING .*ENOENT/);
    assert.match(await failure({ file: await file('empty', '\n') }), /^SECRET_MISSING .*is empty/);
    assert.match(await failure({ file: await file('binary', new Uint8Array([0xff, 0xfe])) }), /is not UTF-8 text/);
    assert.match(await failure({ file: folder }), /^SECRET_MISSING .*EISDIR/);
    assert.match(await failure({}), /^SECRET_MISSING/);
  });

  test('a pipe that somebody writes to late, and a file without end', async () => {
    const pipe = path.join(folder, 'pipe');
    assert.equal(spawnSync('mkfifo', ['-m', '600', pipe]).status, 0);
    const reading = readSecret({ file: pipe }, { env: {} });
    const writer = spawn('sh', ['-c', `sleep 0.2; printf hidden > ${pipe}`]);
    const closed = once(writer, 'close');
    assert.equal(await reading, 'hidden');
    await closed;
    assert.match(await failure({ credential: 'zero' }, { CREDENTIALS_DIRECTORY: folder }), /ENOENT/);
    await symlink('/dev/zero', path.join(folder, 'zero'));
    assert.match(await failure({ credential: 'zero' }, { CREDENTIALS_DIRECTORY: folder }), /longer than 65536 bytes/);
  });

  test('a program that waits for an answer gets none', async () => {
    assert.match(await failure({ command: ['cat'] }), /^SECRET_MISSING .*is empty/);
  });

  test('open to others', async () => {
    assert.match(await failure({ file: await file('open', 'hunter2', 0o640) }), /^SECRET_UNSAFE .*mode 640/);
  });

  test('a program that fails, in any way', async () => {
    assert.match(await failure({ command: ['/no/such/program', 'hunter2'] }), /^SECRET_FAILED .*is not there/);
    assert.match(await failure({ command: [folder] }), /^SECRET_FAILED .*cannot be run/);
    assert.match(await failure({ command: printing('hunter2', 'process.exit(3)') }), /^SECRET_FAILED .*exit code 3/);
    assert.match(await failure({ command: printing('x'.repeat(70_000)) }), /^SECRET_FAILED .*more than 65536 bytes/);
    assert.match(
      await failure({ command: printing('hunter2', 'process.kill(process.pid,"SIGKILL")') }),
      /^SECRET_FAILED .*SIGKILL/,
    );
  });

  test('a program is ended when the run is', async () => {
    const controller = new AbortController();
    const waiting = readSecret(
      { command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] },
      { env: {}, signal: controller.signal },
    );
    controller.abort();
    await assert.rejects(waiting, /interrupted/);
  });
});
