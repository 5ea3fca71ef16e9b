import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Diagnostic } from '../../agent/config/diagnostic.ts';
import { type Given, Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

let machine: Machine;
let policy = '';
before(async () => {
  machine = await Machine.create();
  policy = await readFile(machine.policy, 'utf8');
});
after(() => machine[Symbol.asyncDispose]());

interface Answer {
  readonly valid: boolean;
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What `validate` says of the machine's policy with `more` below it: severity, line and code, without the notes and the key. */
async function validate(more: string, args: readonly string[] = [], given: Given = {}): Promise<readonly string[]> {
  await writeFile(machine.policy, `${policy}${more}`);
  const ended = await machine.call(['validate', ...args, '--json'], given);
  const { valid, diagnostics } = documentOf<Answer>(ended);
  assertExit(ended, valid ? 0 : 78);
  assert.equal(valid, !diagnostics.some(({ severity }) => severity === 'error'));
  for (const secret of ['hunter2', 'tr0ub4dor']) assert.ok(!`${ended.stdout}${ended.stderr}`.includes(secret));
  const told = diagnostics.filter(
    ({ code, severity }) => code !== 'HF4019' && !(severity === 'note' && code !== 'HF5001'),
  );
  return told.filter(({ code }) => code !== 'HF4901').map(({ severity, at, code }) => `${severity} ${at.line} ${code}`);
}

const slack = (secret: string) => `notifiers: { chat: { type: slack, webhook: ${secret} } }\n`;

describe('static', () => {
  test('reads policy files, and no variable, secret, key, target or source', async () => {
    await rename(join(machine.folder, 'recovery.asc'), join(machine.folder, 'away.asc'));
    await rename(machine.repository, join(machine.folder, 'gone'));
    const more = `${slack('{ env: NOT_SET }')}x-note: \${PLACE}\n`;
    const state = join(machine.folder, 'no-such-state');
    assert.deepEqual(await validate(more, [], { env: { PLACE: '/here', HOLDFAST_STATE: state } }), ['note 9 HF5001']);
    assert.ok(!existsSync(state), 'nothing was made either');
    await rename(join(machine.folder, 'away.asc'), join(machine.folder, 'recovery.asc'));
    await rename(join(machine.folder, 'gone'), machine.repository);
  });

  test('says that the recovery key lies here, until it is gone', async () => {
    await writeFile(machine.policy, policy);
    const told = async () =>
      (await machine.ask<Answer>(['validate'])).diagnostics.filter(({ code }) => code === 'HF4019');
    const [warning, ...more] = await told();
    assert.deepEqual([warning?.severity, warning?.at.line, more], ['warning', 2, []]);
    const key = join(machine.state, 'recovery-key.asc');
    await rename(key, `${key}.away`);
    assert.deepEqual(await told(), []);
    await rename(`${key}.away`, key);
  });

  test('as it is on one host, or on all', async () => {
    const more = 'hosts: { "db-*": { jobs: { files: { targets: [lokal] } } } }\n';
    assert.deepEqual(await validate(more), ['error 8 HF3002']);
    assert.deepEqual(await validate(more, ['--host', 'web']), []);
    assert.deepEqual(await validate(more, ['--host', 'db-1']), ['error 8 HF3002']);
  });
});

describe('--resolve', () => {
  const resolve = (more: string, env: Readonly<Record<string, string>> = {}) => validate(more, ['--resolve'], { env });

  test('looks up variables', async () => {
    assert.deepEqual(await resolve('x-note: ${PLACE}\n'), ['error 8 HF5002']);
    assert.deepEqual(await resolve('x-note: ${PLACE}\n', { PLACE: '/here' }), []);
    const files = join(machine.folder, 'limits.yaml');
    await writeFile(files, 'limits: { files: 3 }\n');
    assert.deepEqual(await resolve('include: ["${PLACE}/limits.yaml"]\n', { PLACE: machine.folder }), []);
  });

  test('follows every reference to a secret, and shows none', async () => {
    const file = join(machine.folder, 'secret');
    await writeFile(file, 'hunter2\n', { mode: 0o600 });
    assert.deepEqual(await resolve(slack(`{ file: secret }`)), []);
    await chmod(file, 0o644);
    assert.deepEqual(await resolve(slack(`{ file: secret }`)), ['error 8 HF5003']);
    assert.deepEqual(await resolve(slack('{ env: CHAT }')), ['error 8 HF5003']);
    assert.deepEqual(await resolve(slack('{ env: CHAT }'), { CHAT: 'tr0ub4dor' }), []);
    assert.deepEqual(await resolve(slack('{ command: [sh, -c, "printf hun%s ter2; exit 3"] }')), ['error 8 HF5003']);
    assert.deepEqual(await resolve(slack('{ command: [printf, tr0ub%s, 4dor] }')), []);
    assert.deepEqual(await resolve(slack('{ credential: chat }')), ['error 8 HF5003']);
    assert.deepEqual(await resolve(slack('hunter2')), ['error 8 HF2011']);
    const beside = 'notifiers:\n  chat: { type: slack, chanel: x, webhook: hunter2 }\n  other: { type: none }\n';
    assert.deepEqual(await resolve(beside), ['error 9 HF2001', 'error 9 HF2011', 'error 10 HF2014']);
  });

  test('reads the keys of recipients', async () => {
    const key = join(machine.folder, 'recovery.asc');
    await rename(key, `${key}.away`);
    assert.deepEqual(await resolve(''), ['error 2 HF5004']);
    await writeFile(key, 'not a key\n');
    assert.deepEqual(await resolve(''), ['error 2 HF5004']);
    await rename(`${key}.away`, key);
    assert.deepEqual(await resolve(''), []);
  });
});

test('--connect opens every target and source, and leaves nothing behind', async () => {
  const connect = () => validate('', ['--connect']);
  assert.deepEqual(await connect(), []);
  await rename(machine.repository, `${machine.repository}.away`);
  await rename(machine.data, `${machine.data}.away`);
  assert.deepEqual(await connect(), ['error 3 HF5007', 'error 4 HF5006']);
  await mkdir(machine.repository);
  assert.deepEqual(await connect(), ['error 3 HF5007', 'error 4 HF5006'], 'a folder is no repository yet');
  await rename(`${machine.data}.away`, machine.data);
});
