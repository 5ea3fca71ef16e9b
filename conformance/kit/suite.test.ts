import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fail } from 'holdfast/plugin';
import { expectFailure } from './expect.ts';
import { lendHost } from './host.ts';
import { collect, noise, prose, sha256 } from './samples.ts';
import { notOffered, runSuite, type Suite } from './suite.ts';

function suiteOf(...runs: Suite<number>['checks'][number]['run'][]): Suite<number> {
  return { name: 'sample', checks: runs.map((run, n) => ({ name: `check ${n}`, holds: `sentence ${n}`, run })) };
}

describe('runSuite', () => {
  it('goes on after a failure and returns every finding as data', async () => {
    const suite = suiteOf(
      async () => undefined,
      async (harness) => {
        assert.equal(harness, 8);
        return undefined;
      },
      async () => fail({ code: 'TARGET_IO', message: 'disk', origin: 'target', permanent: false }),
      async () => notOffered('delete'),
    );
    const findings = await runSuite(suite, 7);
    assert.deepEqual(structuredClone(findings), findings);
    assert.deepEqual(
      findings.map((finding) => finding.failure?.hint),
      [undefined, 'sentence 1', 'sentence 2', undefined],
    );
    assert.match(findings[2]?.failure?.message ?? '', /check 2: TARGET_IO: disk/);
    assert.deepEqual(findings[3]?.facts, { notOffered: 'delete' });
  });

  it('fails a check that hangs', async () => {
    const [finding] = await runSuite(
      suiteOf(() => new Promise(() => {})),
      7,
      { timeoutMs: 5 },
    );
    assert.match(finding?.failure?.message ?? '', /did not end within 5 ms/);
  });

  it('refuses a suite that is empty or names two checks alike', async () => {
    await assert.rejects(runSuite({ name: 'none', checks: [] }, 7), /needs checks/);
    const check = { name: 'twice', holds: '', run: async () => undefined };
    await assert.rejects(runSuite({ name: 'two', checks: [check, check] }, 7), /needs checks/);
  });
});

describe('expectFailure', () => {
  it('tells success, the wrong code and the wrong origin apart', async () => {
    const failing = () => fail({ code: 'A', message: 'm', origin: 'target', permanent: true });
    await assert.rejects(
      expectFailure('it', async () => 1, { codes: ['A'] }),
      /succeeded, but must fail with A/,
    );
    await assert.rejects(expectFailure('it', failing, { codes: ['B', 'C'] }), /failed with A .* fail with B or C/);
    await assert.rejects(expectFailure('it', failing, { codes: ['A'], origin: 'source' }), /origin must be source/);
    assert.equal((await expectFailure('it', failing, { codes: ['A'], origin: 'target' })).code, 'A');
  });
});

describe('lendHost', () => {
  it('lends a scratch folder and takes it away', async () => {
    const host = await lendHost();
    await access(host.scratchDir);
    host.abort();
    assert.equal(host.signal.aborted, true);
    await host[Symbol.asyncDispose]();
    await assert.rejects(access(host.scratchDir));
  });
});

describe('samples', () => {
  it('are the same on every run', async () => {
    assert.equal(sha256(noise(1, 1000)), sha256(noise(1, 1000)));
    assert.notEqual(sha256(noise(1, 1000)), sha256(noise(2, 1000)));
    assert.equal(prose(1, 1000).length, 1000);
    assert.equal((await collect((async function* () {})())).length, 0);
  });
});
