import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { failureOf } from '../contract/index.ts';
import { DomainLock } from './domain-lock.ts';

async function stateFolder() {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-lock-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function codeOf(work: () => DomainLock): string | undefined {
  try {
    using _lock = work();
    return undefined;
  } catch (error) {
    return failureOf(error, { code: 'RAW', origin: 'agent' }).code;
  }
}

test('a domain is locked for one run at a time, and free again afterwards', async () => {
  await using state = await stateFolder();
  const take = (domain: string) => () => DomainLock.take(state.path, domain);
  {
    using _lock = take('host/daily')();
    assert.equal(codeOf(take('host/daily')), 'BUSY');
    assert.equal(codeOf(take('host/weekly')), undefined);
  }
  assert.equal(codeOf(take('host/daily')), undefined);
});

test('a lock that cannot be had at all is not called busy: that would pass for a run that is going on', async () => {
  await using state = await stateFolder();
  const take = () => DomainLock.take(state.path, 'host/daily');
  take()[Symbol.dispose]();
  const locks = join(state.path, 'locks');
  for (const name of await readdir(locks)) await writeFile(join(locks, name), 'no lock file'.repeat(500));
  assert.equal(codeOf(take), 'LOCK_UNUSABLE');
});
