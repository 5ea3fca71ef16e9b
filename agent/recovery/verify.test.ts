import assert from 'node:assert/strict';
import { cp, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { fail } from '../contract/index.ts';
import { makeRecipient, noise, pieces, TestRepository } from '../engine/repository.fixture.ts';
import { unlockIdentity } from '../repository/keys/identity.ts';
import { verify } from './reading.fixture.ts';
import type { Level, VerifyReport } from './verification.ts';

const recipient = await makeRecipient();
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
after(() => assert.deepEqual(unhandled, []));

/** Three snapshots of a folder, and one stream in another job. */
async function filled(targets = 1) {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient, targets });
  const data = join(r.folder, 'data');
  await mkdir(join(data, 'sub'), { recursive: true });
  const source = r.files({ paths: [data] });
  for (let i = 0; i < 3; i++) {
    await writeFile(join(data, `sub/${i}`), noise(i, 20_000));
    assert.equal((await r.run({ source })).verdict, 'ok');
  }
  const dump = await r.runWith(
    async (out) => {
      await out.bytes('dump', pieces(noise(9, 50_000)), { chunker: 'cdc' });
      return { facts: null };
    },
    { name: 'dump' },
  );
  assert.equal(dump.verdict, 'ok');
  return Object.assign(r, { source, sources: { files: source } });
}

const codes = ({ findings }: VerifyReport) => [...new Set(findings.map(({ failure }) => failure.code))].sort();
const noKey = () => assert.fail('asked for a key');

test('a healthy repository passes every level, and the first two need no key', async () => {
  await using r = await filled(2);
  // Each includes those before it.
  for (const level of ['checksum', 'restore'] as const) {
    const report = await verify(r, level, { sources: r.sources, ...(level === 'checksum' ? { identity: noKey } : {}) });
    assert.deepEqual([report.verdict, report.findings, report.failure], ['ok', [], undefined], level);
    assert.equal(report.checked.snapshots, 4);
    if (level === 'checksum') assert.deepEqual([report.checked.packs, report.checked.indexes], [8, 8]);
    if (level === 'restore') {
      assert.equal(report.checked.restored, 5);
      assert.match(report.notes.join(), /memory was not restored/);
    }
  }
});

interface Damage {
  readonly name: string;
  damage(r: TestRepository): Promise<void>;
  /** The first level that finds it, and what it says. */
  readonly level: Level;
  readonly code: string;
}

async function nth(r: TestRepository, prefix: string, n: number, target = 'target-0'): Promise<string> {
  const key = (await r.keys(prefix, target))[n];
  assert.ok(key);
  return key;
}

const damages: readonly Damage[] = [
  {
    name: 'a bit of a pack is flipped',
    damage: async (r) => r.flip(await nth(r, 'packs/', 0), 500),
    level: 'checksum',
    code: 'PACK_DAMAGED',
  },
  {
    name: 'a pack is gone',
    damage: async (r) => r.remove(await nth(r, 'packs/', 0)),
    level: 'list',
    code: 'FRAMES_MISSING',
  },
  {
    name: 'a pack is cut short',
    damage: async (r) => truncate(r.path(await nth(r, 'packs/', 0)), 1000),
    level: 'list',
    code: 'PACK_DAMAGED',
  },
  {
    name: 'an index is flipped',
    damage: async (r) => r.flip(await nth(r, 'indexes/', 0), 50),
    level: 'list',
    code: 'OBJECT_DAMAGED',
  },
  {
    name: 'a snapshot in the middle is gone',
    damage: async (r) => r.remove((await r.keys('snapshots/')).find((key) => key.endsWith('job/0000000002')) ?? ''),
    level: 'list',
    code: 'CHAIN_BROKEN',
  },
  {
    name: 'the first snapshot is gone',
    damage: async (r) => r.remove((await r.keys('snapshots/')).find((key) => key.endsWith('job/0000000001')) ?? ''),
    level: 'list',
    code: 'CHAIN_BROKEN',
  },
  {
    name: 'a snapshot is flipped',
    damage: async (r) => r.flip((await r.keys('snapshots/')).find((key) => key.endsWith('job/0000000003')) ?? '', 300),
    level: 'list',
    code: 'SIGNATURE_INVALID',
  },
  {
    name: 'one snapshot has taken the place of another',
    async damage(r) {
      const keys = (await r.keys('snapshots/')).filter((key) => key.includes('/job/'));
      await rename(r.path(keys[0] ?? ''), r.path(keys[1] ?? ''));
    },
    level: 'list',
    code: 'OBJECT_DAMAGED',
  },
  {
    name: 'the epoch is gone',
    damage: async (r) => r.remove(await nth(r, 'keys/epochs/', 0)),
    level: 'list',
    code: 'OBJECT_MISSING',
  },
  {
    name: 'the epoch is flipped',
    damage: async (r) => r.flip(await nth(r, 'keys/epochs/', 0), -1),
    level: 'list',
    code: 'SIGNATURE_INVALID',
  },
  {
    name: 'the writer is gone',
    damage: async (r) => r.remove(await nth(r, 'keys/writers/', 0)),
    level: 'list',
    code: 'OBJECT_MISSING',
  },
];

test('each damage is found at the first level that can see it, and not by crying wolf before', async (t) => {
  await using r = await filled();
  const [place, whole] = [r.path(''), join(r.folder, 'whole')];
  await cp(place, whole, { recursive: true });
  for (const { name, damage, level, code } of damages) {
    await t.test(name, async () => {
      await rm(place, { recursive: true });
      await cp(whole, place, { recursive: true });
      await damage(r);
      if (level !== 'list') assert.deepEqual((await verify(r, 'list', { identity: noKey })).findings, []);
      const report = await verify(r, level, { identity: noKey });
      assert.equal(report.verdict, 'damaged', JSON.stringify(report.failure));
      assert.ok(codes(report).includes(code), codes(report).join());
      assert.equal(report.failure, undefined);
    });
  }
});

test('a flipped pack: decrypting names the frames and the snapshots that need them', async () => {
  await using r = await filled();
  const dump = (await r.keys('packs/'))[0] as string;
  await r.flip(dump, 500);
  const report = await verify(r, 'decrypt');
  assert.equal(report.verdict, 'damaged');
  const found = report.findings.filter(({ level }) => level === 'decrypt');
  assert.ok(found.length > 0);
  for (const { object, snapshots } of found) {
    assert.ok(object.startsWith(dump) || object.startsWith('snapshots/'), object);
    assert.ok(snapshots.length > 0);
  }
});

test('what of which snapshot is affected is said by path, and nothing else is', async () => {
  await using r = await filled();
  const packs = new Map<string, readonly string[]>();
  for (const pack of await r.keys('packs/')) {
    await r.flip(pack, 500);
    const { findings } = await verify(r, 'decrypt');
    await r.flip(pack, 500);
    const { paths = [], snapshots } = findings.find(({ object }) => object === pack) ?? assert.fail(pack);
    assert.ok(paths.length > 0 && paths.every(({ snapshot }) => snapshots.includes(snapshot)), pack);
    packs.set(
      pack,
      paths.map(({ path, unread }) => `${path.split('/').at(-1)}${unread ? '…' : ''}`),
    );
    const frames = findings.filter(({ object }) => object.startsWith(`${pack}, frame`));
    assert.ok(frames.some((finding) => (finding.paths?.length ?? 0) > 0));
  }
  // The stream; and of each file of 20 kB the first bytes of its pack, in that run and in all later ones.
  assert.deepEqual([...packs.values()].map((paths) => paths.join()).sort(), ['', '0,0,0', '1,1', '2']);
});

test('what is missing with a pack is said by path, too', async () => {
  await using r = await filled();
  for (const pack of await r.keys('packs/')) await r.remove(pack);
  const { findings } = await verify(r, 'decrypt', { source: 'memory' });
  const missing = findings.filter(({ failure }) => failure.code === 'FRAMES_MISSING');
  assert.deepEqual(
    missing.map(({ paths }) => paths?.map(({ artifact, path }) => [artifact, path])),
    [[['dump', '']]],
  );
});

test('what rots on the second target is found there, by name, and mended copies pass again', async () => {
  await using r = await filled(2);
  const snapshot = await nth(r, 'snapshots/', 0);
  const epoch = await nth(r, 'keys/epochs/', 0);
  const pack = await nth(r, 'packs/', 1);
  for (const key of [snapshot, epoch]) await r.flip(key, 250, 'target-1');
  await r.remove(pack, 'target-1');
  const report = await verify(r, 'list', { identity: noKey });
  assert.equal(report.verdict, 'damaged');
  for (const { target } of report.findings) assert.equal(target, 'target-1');
  const objects = report.findings.map(({ object }) => object);
  for (const key of [snapshot, epoch]) assert.ok(objects.includes(key), key);
  assert.ok(codes(report).includes('FRAMES_MISSING'));
  const first = await verify(r, 'list', { targets: r.targets.slice(0, 1) });
  assert.deepEqual(first.findings, []);
});

test('a snapshot that only one target has is a copy missing on the other', async () => {
  await using r = await filled(2);
  await r.remove((await r.keys('snapshots/')).at(-1) as string, 'target-1');
  const report = await verify(r, 'list');
  assert.deepEqual(
    report.findings.map(({ target, failure }) => [target, failure.code]),
    [['target-1', 'COPY_MISSING']],
  );
});

test('what is missing is found once: with its snapshot where a target lags, and at whatever level', async () => {
  await using r = await filled(2);
  await writeFile(join(r.folder, 'data/newer'), noise(7, 20_000));
  assert.equal((await r.run({ source: r.source, targets: r.targets.slice(0, 1) })).verdict, 'ok');
  const lagging = (await verify(r, 'decrypt')).findings;
  assert.deepEqual(
    lagging.map(({ target, failure, snapshots }) => [target, failure.code, snapshots.length]),
    [['target-1', 'COPY_MISSING', 1]],
  );
  const alone = { targets: r.targets.slice(1) };
  await r.remove(await nth(r, 'packs/', 0, 'target-1'), 'target-1');
  const lost = (await verify(r, 'decrypt', alone)).findings.filter(({ failure }) => failure.code === 'FRAMES_MISSING');
  assert.ok(lost.length > 0);
  assert.equal(new Set(lost.map(({ object }) => object)).size, lost.length);
});

test('a source that has no snapshot is not called whole', async () => {
  await using r = await filled();
  const report = await verify(r, 'checksum', { source: 'flies' });
  assert.deepEqual([report.verdict, report.failure?.code], ['failed', 'SNAPSHOT_UNKNOWN']);
});

test('a wrong key is no damage', async () => {
  await using r = await filled();
  const stranger = await makeRecipient('stranger');
  const report = await verify(r, 'decrypt', { identity: () => unlockIdentity(stranger.privateKey, '') });
  assert.deepEqual([report.verdict, report.failure?.code, report.findings], ['failed', 'WRONG_KEY', []]);
});

for (const level of ['checksum', 'decrypt'] as const)
  test(`a pack that a target gives only when it is asked again is no finding: ${level}`, async () => {
    await using r = await filled();
    const asked = new Set<string>();
    r.hooks.get = (_, key) => {
      if (!key.startsWith('packs/') || asked.has(key)) return;
      asked.add(key);
      fail({ code: 'TARGET_UNAVAILABLE', message: 'no answer', origin: 'target', permanent: false });
    };
    const report = await verify(r, level);
    assert.deepEqual([report.verdict, report.findings], ['ok', []]);
    assert.ok(asked.size > 0);
  });

test('cancelling a verification is said', async () => {
  await using r = await filled();
  const cancel = new AbortController();
  r.hooks.get = (_, key) => (key.startsWith('packs/') ? cancel.abort() : undefined);
  const report = await verify(r, 'checksum', { signal: cancel.signal });
  assert.deepEqual([report.verdict, report.failure?.code], ['cancelled', 'CANCELLED']);
});
