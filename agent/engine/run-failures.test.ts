import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DomainLock } from '../catalog/domain-lock.ts';
import { builtinPlugins } from '../cli/builtin.ts';
import { type Bytes, type Failure, fail, type Sink, type TreeEntry, type Verdict } from '../contract/index.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import { loadHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import { generateSigner } from '../repository/keys/signing.ts';
import {
  CANARY,
  dataEntry,
  entries,
  folderEntry,
  makeRecipient,
  noise,
  pieces,
  TestRepository,
} from './repository.fixture.ts';
import type { RunReport } from './run-report.ts';

const recipient = await makeRecipient();
const create = (targets = 1) => TestRepository.create({ plugins: builtinPlugins, recipient, targets });
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
after(() => assert.deepEqual(unhandled, []));

const full: Failure = { code: 'TARGET_FULL', message: 'no space left', origin: 'target', permanent: false };

/** The run failed with this, and nothing can be found of it. */
async function failedWith(r: TestRepository, report: RunReport, code: string, origin: string): Promise<void> {
  assert.deepEqual([report.verdict, report.failure?.code, report.failure?.origin], ['failed', code, origin]);
  assert.equal(report.snapshot, undefined);
  assert.deepEqual(await r.keys('snapshots/'), []);
  assert.equal((await r.engine.catalog.runs.last('job'))?.state, 'failed');
}

async function one(out: Sink): Promise<void> {
  await out.bytes('one', pieces(noise(1, 5000)), { chunker: 'cdc' });
}

const mistakes: { name: string; backup(out: Sink): Promise<unknown>; code: string; origin: string }[] = [
  {
    name: 'throws',
    async backup(out) {
      await one(out);
      throw new Error('the server went away');
    },
    code: 'SOURCE_FAILED',
    origin: 'source',
  },
  {
    name: 'throws in a stream',
    async backup(out) {
      await out.bytes('one', torn(), { chunker: 'cdc' });
    },
    code: 'SOURCE_FAILED',
    origin: 'source',
  },
  {
    name: 'throws in a stream and goes on',
    async backup(out) {
      await out.bytes('one', torn(), { chunker: 'cdc' }).catch(() => {});
      return { facts: null };
    },
    code: 'SOURCE_FAILED',
    origin: 'source',
  },
  { name: 'ends without a verdict', backup: one, code: 'VERDICT_MISSING', origin: 'agent' },
  {
    name: 'ends with a verdict that has no facts',
    backup: async () => ({}),
    code: 'VERDICT_MISSING',
    origin: 'agent',
  },
  {
    name: 'gives a tree out of order',
    async backup(out) {
      await out.tree('tree', entries(folderEntry('b'), folderEntry('a')));
    },
    code: 'TREE_ORDER',
    origin: 'agent',
  },
  {
    name: 'gives a folder after its sibling, where the order of bytes would be right',
    async backup(out) {
      await out.tree('tree', entries(folderEntry('a'), folderEntry('a.b'), dataEntry('a/c', noise(1, 1))));
    },
    code: 'TREE_ORDER',
    origin: 'agent',
  },
  {
    name: 'gives an entry twice, and swallows what is said',
    async backup(out) {
      await out.tree('tree', entries(folderEntry('a'), folderEntry('a'))).catch(() => {});
      return { facts: null };
    },
    code: 'TREE_ORDER',
    origin: 'agent',
  },
  {
    name: 'gives two artifacts of one name, and swallows what is said',
    async backup(out) {
      await one(out);
      await one(out).catch(() => {});
      return { facts: null };
    },
    code: 'ARTIFACT_TWICE',
    origin: 'agent',
  },
  {
    name: 'takes over what is not there, and swallows what is said',
    async backup(out) {
      await out.reuse('one').catch(() => {});
      return { facts: null };
    },
    code: 'REUSE_WITHOUT_PREVIOUS',
    origin: 'agent',
  },
  {
    name: 'skips a failure that is not its own, and swallows what is said',
    async backup(out) {
      await one(out);
      try {
        out.skip('one', full);
      } catch {}
      return { facts: null };
    },
    code: 'TARGET_FULL',
    origin: 'target',
  },
  {
    name: 'ends while an artifact is still open',
    async backup(out) {
      void out.bytes('endless', endless(), { chunker: 'cdc' }).catch(() => {});
      return { facts: null };
    },
    code: 'SOURCE_UNFINISHED',
    origin: 'agent',
  },
];

async function backupOne(out: Sink): Promise<Verdict> {
  await one(out);
  return { facts: null };
}

async function* torn(): Bytes {
  yield noise(1, 5000);
  throw new Error('the pipe broke');
}

async function* endless(): Bytes {
  yield noise(1, 5000);
  await new Promise(() => {});
}

test('a source that breaks its promise makes no snapshot', async (t) => {
  for (const { name, backup, code, origin } of mistakes) {
    await t.test(`one that ${name}`, async () => {
      await using r = await create();
      const report = await r.runWith(backup as (out: Sink) => Promise<Verdict>);
      await failedWith(r, report, code, origin);
    });
  }
});

test('a target that is full ends the run as failed, whatever the source makes of it', async (t) => {
  const backups: Record<string, (out: Sink) => Promise<Verdict>> = {
    async 'is told'(out) {
      await out.tree('tree', entries(dataEntry('a', noise(1, 20_000_000))));
      return { facts: null };
    },
    async 'swallows it'(out) {
      await out.bytes('one', pieces(noise(1, 20_000_000), 65_536), { chunker: 'cdc' }).catch(() => {});
      return { facts: null };
    },
    async 'says something else'(out) {
      await out.bytes('one', pieces(noise(1, 20_000_000), 65_536), { chunker: 'cdc' }).catch(() => {
        throw new Error('something went wrong');
      });
      return { facts: null };
    },
    async 'skips it'(out) {
      await out.bytes('one', pieces(noise(1, 20_000_000), 65_536), { chunker: 'cdc' }).catch((error) => {
        out.skip('one', { ...error.failure, origin: 'source' });
      });
      return { facts: null };
    },
    async 'had ended before'(out) {
      await one(out);
      return { facts: null };
    },
  };
  for (const [name, backup] of Object.entries(backups)) {
    await t.test(`one that ${name}`, async () => {
      await using r = await create();
      r.hooks.put = (_, key) => (key.startsWith('packs/') ? fail(full) : undefined);
      const report = await r.runWith(backup);
      await failedWith(r, report, 'TARGET_FULL', 'target');
      assert.match(report.failure?.message ?? '', /^target target-0: /);
      assert.deepEqual(await r.keys('indexes/'), [], 'no index before its packs');
      delete r.hooks.put;
      assert.equal((await r.runWith(one as never, {}, {})).failure?.code, 'VERDICT_MISSING');
      assert.equal((await r.runWith(backupOne)).verdict, 'ok');
    });
  }
});

test('a target that fails at an index or at the snapshot gets no snapshot, and the other does', async () => {
  for (const prefix of ['indexes/', 'snapshots/']) {
    await using r = await create(2);
    r.hooks.put = (target, key) => (target === 'target-1' && key.startsWith(prefix) ? fail(full) : undefined);
    const report = await r.runWith(backupOne);
    assert.deepEqual([report.verdict, report.failure], ['incomplete', undefined]);
    assert.deepEqual(
      report.targets.map((one) => [one.name, one.state, one.state === 'left out' ? one.failure.code : undefined]),
      [
        ['target-0', 'stored', undefined],
        ['target-1', 'left out', 'TARGET_FULL'],
      ],
    );
    assert.deepEqual(await r.keys('snapshots/', 'target-1'), []);
    assert.equal((await r.keys('snapshots/')).length, 1);
    delete r.hooks.put;
    const next = await r.runWith(backupOne);
    assert.equal(next.verdict, 'ok');
    assert.equal(next.totals.newChunks, 0, 'what was stored is found');
    assert.deepEqual(await r.keys('snapshots/', 'target-1'), await r.keys('snapshots/'));
  }
});

test('a failure while the source has nothing to give ends the run all the same', async () => {
  await using r = await create();
  const waiting = Promise.withResolvers<void>();
  r.hooks.put = async (_, key) => {
    if (!key.startsWith('packs/')) return;
    await waiting.promise;
    fail(full);
  };
  async function* slow(): Bytes {
    for (let i = 0; i < 18; i++) yield noise(i, 1_000_000);
    waiting.resolve();
    await new Promise(() => {});
  }
  const report = await r.runWith(async (out) => {
    await out.bytes('slow', slow(), { chunker: 'cdc' });
    return { facts: null };
  });
  await failedWith(r, report, 'TARGET_FULL', 'target');
});

test('a cancelled run makes no snapshot, and the next goes on from what it stored', async () => {
  await using r = await create();
  const cancel = new AbortController();
  const stream = async function* (): Bytes {
    for (let i = 0; i < 24; i++) yield noise(i, 1_000_000);
    cancel.abort();
    for (let i = 24; i < 26; i++) yield noise(i, 1_000_000);
  };
  r.hooks.put = () => {};
  const startedAt = performance.now();
  const backup = async (out: Sink) => {
    await out.bytes('stream', stream(), { chunker: 'cdc' });
    return { facts: null };
  };
  const report = await r.runWith(backup, {}, { signal: cancel.signal });
  assert.deepEqual([report.verdict, report.failure?.code], ['cancelled', 'CANCELLED']);
  assert.ok(performance.now() - startedAt < 30_000);
  assert.deepEqual(await r.keys('snapshots/'), []);
  const next = await r.runWith(backup);
  assert.equal(next.verdict, 'ok');
  assert.equal(next.snapshot?.sequence, 1);
});

test('a run that was cancelled before it began, and one whose source ignores it', async () => {
  await using r = await create();
  const early = await r.runWith(backupOne, {}, { signal: AbortSignal.abort() });
  assert.deepEqual([early.verdict, early.snapshot], ['cancelled', undefined]);
  const cancel = new AbortController();
  const ignored = await r.runWith(
    async () => {
      cancel.abort();
      return new Promise(() => {});
    },
    {},
    { signal: cancel.signal },
  );
  assert.deepEqual([ignored.verdict, ignored.snapshot], ['cancelled', undefined]);
});

test('two targets that are one place are no two copies', async () => {
  await using r = await create();
  const [target] = r.targets;
  assert.ok(target);
  const report = await r.run({ targets: [target, { ...target, name: 'again' }] });
  assert.deepEqual([report.failure?.code, report.failure?.origin], ['TARGETS_SAME', 'policy']);
});

test('a run does not begin where it may not: locked, not set up, another repository, none', async () => {
  await using r = await create();
  {
    using _lock = DomainLock.take(r.stateFolder, 'tester/default');
    const busy = await r.run();
    assert.deepEqual([busy.verdict, busy.failure?.code], ['failed', 'BUSY']);
  }
  await using other = await create();
  const wrong = await r.run({ targets: other.targets });
  assert.deepEqual([wrong.failure?.code, wrong.failure?.origin], ['REPOSITORY_OTHER', 'target']);
  await r.remove('repository');
  assert.equal((await r.run()).failure?.code, 'NOT_A_REPOSITORY');
  await writeFile(r.path('repository'), 'a text that somebody put there');
  assert.equal((await r.run()).failure?.code, 'NOT_A_REPOSITORY');
  await rm(join(r.stateFolder, 'host-keys'));
  const bare = await r.run();
  assert.deepEqual([bare.failure?.code, bare.failure?.origin], ['NOT_INITIALISED', 'key']);
});

test('a repository that names another signing key for this host is not written to', async () => {
  await using r = await create();
  assert.equal((await r.run()).verdict, 'ok');
  const keys = await loadHostKeys(r.stateFolder);
  assert.ok(keys);
  const { encodeWriter } = await import('../repository/keys/writer.ts');
  const forger = generateSigner();
  const forged = { id: keys.writer, repository: keys.repository, host: 'x', created: new Date().toISOString() };
  const [key] = await r.keys('keys/writers/');
  assert.ok(key);
  await r.remove(key);
  await writeFile(
    r.path(key),
    encodeWriter({ ...forged, publicKey: forger.publicKey, joinKey: keys.join.publicKey }, forger),
  );
  const report = await r.run();
  assert.deepEqual([report.verdict, report.failure?.code], ['failed', 'WRITER_FORGED']);
});

test('what goes wrong when a target is closed does not undo a snapshot', async () => {
  await using r = await create(2);
  r.hooks.close = () => {
    throw new Error('the connection was gone');
  };
  const report = await r.run();
  assert.equal(report.verdict, 'ok');
  assert.equal(r.warnings.length, 2);
});

test('no plaintext and no secret leaves: not to targets, not in reports, not in failures', async () => {
  await using r = await create();
  const text = Buffer.from(`${CANARY} `.repeat(1000));
  const named = { ...dataEntry(`${CANARY}.txt`, text) } as TreeEntry;
  const reports: RunReport[] = [];
  reports.push(
    await r.runWith(async (out) => {
      await out.tree('tree', entries(named));
      await out.bytes('stream', pieces(text), { chunker: 'fixed' });
      out.skip(`${CANARY}/secret-name`, { code: 'X', message: CANARY, origin: 'source', permanent: false });
      return { facts: null };
    }),
  );
  assert.equal(reports[0]?.verdict, 'incomplete');
  r.hooks.put = () => fail(full);
  reports.push(await r.runWith(backupOne));
  assert.equal(reports[1]?.verdict, 'failed');
  for (const key of await r.keys('')) assert.equal((await readFile(r.path(key))).includes(CANARY), false, key);
  const said = JSON.stringify([reports, r.warnings]);
  const keys = await loadHostKeys(r.stateFolder);
  const [domain] = keys?.domains ?? [];
  assert.ok(keys && domain);
  const derived = domainKeys(domain.id, domain.name, domain.secret);
  const secrets = [
    domain.secret,
    keys.signer.seed,
    keys.join.privateKey,
    derived.idKey,
    derived.indexKey,
    derived.chunkerKey,
  ];
  for (const secret of secrets) {
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      const text = Buffer.from(secret).toString(form);
      assert.equal(said.includes(text), false);
      for (const key of await r.keys('')) assert.equal((await readFile(r.path(key))).includes(secret), false, key);
    }
  }
});

test('keys that another run changed meanwhile are loaded again', async () => {
  await using r = await create();
  let changes = 0;
  let others = 2;
  // While this run stores its epoch, others that share the file finish theirs.
  r.hooks.put = async (_, key) => {
    if (!key.startsWith('keys/epochs/') || changes++ >= others) return;
    const keys = await loadHostKeys(r.stateFolder);
    assert.ok(keys);
    const epoch = {
      id: 'ab'.repeat(16),
      publicKey: noise(1, 32),
      created: new Date().toISOString(),
      recipients: ['ab'.repeat(20)],
    };
    const domain = { id: String(10 + changes).repeat(16), name: `other-${changes}`, secret: noise(changes, 32), epoch };
    await saveHostKeys(r.stateFolder, { ...keys, domains: [...keys.domains, domain] });
  };
  const report = await r.run();
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  const names = (await loadHostKeys(r.stateFolder))?.domains.map(({ name }) => name);
  assert.deepEqual(names, ['other-1', 'other-2', 'tester/default']);
  others = 100;
  r.clock = new Date(Date.now() + 100 * 86_400_000);
  const never = await r.run();
  assert.equal(never.failure?.code, 'KEYS_CHANGED', 'not for ever');
});
