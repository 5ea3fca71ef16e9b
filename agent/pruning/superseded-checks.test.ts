import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { TestRepository } from '../engine/repository.fixture.ts';
import { type CheckRecord, encodeCheck } from '../repository/check-record.ts';
import { loadHostKeys, newHostKeys } from '../repository/keys/host-keys.ts';
import { generateSigner, type Signer } from '../repository/keys/signing.ts';
import { supersededChecks } from './superseded-checks.ts';

const whole: Omit<CheckRecord, 'repository' | 'writer' | 'ended'> = {
  ...{
    target: 'target-0',
    level: 'checksum',
    source: '',
    begun: '2026-01-01T00:00:00.000Z',
    snapshots: 1,
    restored: 0,
  },
  ...{ budget: { share: 1, maxMs: 0 }, coverage: [], findings: [], damaged: [], verdict: 'ok', agent: '0' },
};
const part = { ...whole, budget: { share: 0.05, maxMs: 0 } };

test('of each writer the last 30 stay, and the last whole one of each level; and what nobody believes', async () => {
  await using r = await TestRepository.create({ plugins: builtinPlugins });
  const own = (await loadHostKeys(r.stateFolder)) ?? assert.fail();
  const { repository, writer } = own;
  let minute = 0;
  const put = async (check: typeof whole, o: { writer?: string; signer?: Signer } = {}) => {
    const ended = new Date(Date.UTC(2026, 0, 1) + minute++ * 60_000).toISOString();
    const made = encodeCheck({ ...check, repository, writer: o.writer ?? writer, ended }, o.signer ?? own.signer);
    await mkdir(dirname(r.path(made.key)), { recursive: true });
    await writeFile(r.path(made.key), made.bytes);
    return made.key;
  };
  const superseded = async () => {
    await using store = await r.openStore();
    const [target] = store.targets;
    return target ? (await supersededChecks(target, await r.writers(store))).sort() : assert.fail();
  };

  const old = [await put(whole), await put({ ...whole, level: 'decrypt', source: 'files' })];
  const kept = [await put({ ...whole, level: 'restore' }), await put(whole)];
  const more = [await put(part), await put({ ...part, level: 'list' })];
  const forged = await put(whole, { signer: generateSigner() });
  const stranger = newHostKeys(repository);
  for (let i = 0; i < 40; i++) await put(part, stranger);
  for (let i = 0; i < 24; i++) await put(part);
  assert.deepEqual(await superseded(), [], 'no more than 30 that can be believed, and the last whole ones');
  for (let i = 0; i < 6; i++) await put(part);
  assert.deepEqual(await superseded(), [...old, ...more].sort());
  assert.ok(!(await superseded()).some((key) => kept.includes(key) || key === forged));
  // By the name that the target has had once, they are counted apart.
  for (let i = 0; i < 31; i++) await put({ ...part, target: 'before' });
  assert.equal((await superseded()).length, 5);
});
