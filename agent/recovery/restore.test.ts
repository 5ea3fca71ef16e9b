import assert from 'node:assert/strict';
import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { type Failure, fail } from '../contract/index.ts';
import {
  collect,
  entries,
  folderEntry,
  makeRecipient,
  noise,
  pieces,
  TestRepository,
} from '../engine/repository.fixture.ts';
import { loadHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import { unlockIdentity } from '../repository/keys/identity.ts';
import { generateSigner } from '../repository/keys/signing.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import { restore, withSnapshot } from './reading.fixture.ts';

const recipient = await makeRecipient();
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
after(() => assert.deepEqual(unhandled, []));

const failsWith = (code: string) => (thrown: { failure?: Failure }) => {
  assert.equal(thrown.failure?.code, code);
  return true;
};

/** Large enough for several parts and frames, each chunk a frame of its own. */
const large = noise(9, 20_000_000);

async function withFiles(targets = 1) {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient, targets });
  const data = join(r.folder, 'data');
  await mkdir(join(data, 'sub/deep'), { recursive: true });
  for (let i = 0; i < 8; i++) await writeFile(join(data, `sub/${i}`), noise(i, 3000 * i));
  await writeFile(join(data, 'sub/deep/zeros'), new Uint8Array(100_000));
  await link(join(data, 'sub/3'), join(data, 'another name of 3'));
  await link(join(data, 'sub/3'), join(data, 'sub/third name of 3'));
  await symlink('sub/1', join(data, 'link'));
  const source = r.files({ paths: [data] });
  return Object.assign(r, { data, source, into: join(r.folder, 'restored') });
}

async function listing(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = entry.isFile() ? (await readFile(path)).toString('base64') : 'other';
  }
  return found;
}

test('what was backed up comes back, with its links, from any target, again and again', async () => {
  await using r = await withFiles(2);
  await writeFile(join(r.data, 'large'), large);
  const pipeline = {
    ...r.job().pipeline,
    chunk: { type: 'fastcdc', options: { min: 2 ** 18, avg: 2 ** 20, max: 2 ** 22 } },
  };
  assert.equal((await r.run({ source: r.source, pipeline })).verdict, 'ok');
  const report = await restore(r, r.source, r.into);
  assert.equal(report.verdict, 'ok', JSON.stringify([report.failure, report.skipped]));
  assert.deepEqual([report.problems, report.skipped], [[], []]);
  assert.deepEqual(await listing(r.into), await listing(r.data));
  const inode = async (name: string) => (await stat(join(r.into, name))).ino;
  assert.equal(await inode('sub/3'), await inode('another name of 3'));
  assert.equal(await inode('sub/3'), await inode('sub/third name of 3'));
  assert.ok(report.bytes > 20_000_000);

  const second = await restore(r, r.source, `${r.into}2`, { targets: r.targets.slice(1) });
  assert.equal(second.verdict, 'ok');
  const planned = await restore(r, r.source, `${r.into}3`, { dryRun: true });
  assert.equal(planned.verdict, 'planned');
  await assert.rejects(readdir(`${r.into}3`));
});

test('a selected name of a file that is not selected becomes that file, and further names its links', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  const report = await restore(r, r.source, r.into, { select: ['sub/3', 'sub/third*', 'sub/deep/'] });
  assert.equal(report.verdict, 'ok', JSON.stringify([report.failure, report.skipped]));
  // In tree order, "another name of 3" is the first: the file; the selected ones are links to it.
  const found = await listing(r.into);
  assert.deepEqual(Object.keys(found).sort(), ['sub', 'sub/3', 'sub/deep', 'sub/deep/zeros', 'sub/third name of 3']);
  assert.equal(found['sub/3'], Buffer.from(noise(3, 9000)).toString('base64'));
  const [one, two] = await Promise.all(['sub/3', 'sub/third name of 3'].map((name) => stat(join(r.into, name))));
  assert.equal(one?.ino, two?.ino);
});

test('a bit flipped in one pack: its files are named, the others restored, and the verdict is incomplete', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  await writeFile(join(r.data, 'later'), noise(77, 50_000));
  const before = await r.keys('packs/');
  await r.run({ source: r.source });
  const [pack] = (await r.keys('packs/')).filter((key) => !before.includes(key));
  assert.ok(pack);
  await r.flip(pack, 100);
  const report = await restore(r, r.source, r.into);
  assert.equal(report.verdict, 'incomplete', JSON.stringify(report.failure));
  assert.deepEqual(
    report.skipped.map(({ what, failure }) => [what, failure.code, failure.origin]),
    [['later', 'FRAME_DAMAGED', 'repository']],
  );
  const { later: _, ...others } = await listing(r.data);
  assert.deepEqual(await listing(r.into), others);

  await r.remove(pack);
  const missing = await restore(r, r.source, `${r.into}2`);
  assert.notEqual(missing.verdict, 'ok');
  const older = await restore(r, r.source, `${r.into}3`, { at: await firstSnapshot(r) });
  assert.equal(older.verdict, 'ok', 'the snapshot before does not need it');
});

async function firstSnapshot(r: TestRepository): Promise<string> {
  await using store = await r.openStore();
  const { snapshots } = await listSnapshots(store, await r.writers(store));
  return snapshots[0]?.id ?? '';
}

test('a large file whose middle is damaged is not left behind half written', async () => {
  await using r = await withFiles();
  await writeFile(join(r.data, 'large'), large);
  const pipeline = {
    ...r.job().pipeline,
    chunk: { type: 'fastcdc', options: { min: 2 ** 18, avg: 2 ** 20, max: 2 ** 22 } },
  };
  await r.run({ source: r.source, pipeline });
  const packs = await r.keys('packs/');
  const sizes = await Promise.all(packs.map(async (key) => (await stat(r.path(key))).size));
  const largest = packs[sizes.indexOf(Math.max(...sizes))] as string;
  await r.flip(largest, 4_000_000);
  const report = await restore(r, r.source, r.into);
  assert.equal(report.verdict, 'incomplete', JSON.stringify(report.failure));
  assert.deepEqual(
    report.skipped.map(({ what, failure }) => [what, failure.code]),
    [['large', 'FRAME_DAMAGED']],
  );
  const { large: _, ...others } = await listing(r.data);
  assert.deepEqual(await listing(r.into), others);
});

test('damage that a reader meets fails that read, and not the ones after it', async () => {
  await using r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  await r.runWith(async (out) => {
    await out.bytes('one', pieces(noise(1, 100_000)), { chunker: 'cdc' });
    return { facts: null };
  });
  const before = await r.keys('packs/');
  await r.runWith(async (out) => {
    await out.bytes('one', pieces(noise(1, 100_000)), { chunker: 'cdc' });
    await out.bytes('two', pieces(noise(2, 100_000)), { chunker: 'cdc' });
    return { facts: null };
  });
  const [pack] = (await r.keys('packs/')).filter((key) => !before.includes(key));
  assert.ok(pack);
  await r.flip(pack, 100);
  await withSnapshot(r, async (reader) => {
    await assert.rejects(collect(reader.bytes('two')), failsWith('FRAME_DAMAGED'));
    assert.ok(Buffer.from(noise(1, 100_000)).equals(await collect(reader.bytes('one'))));
    await assert.rejects(collect(reader.bytes('three')), failsWith('ARTIFACT_UNKNOWN'));
    assert.throws(() => reader.tree('one'), failsWith('ARTIFACT_UNKNOWN'));
  });
});

test('a key that is no recipient is a wrong key; a damaged snapshot is damage', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  const stranger = await makeRecipient('stranger');
  const identity = () => unlockIdentity(stranger.privateKey, '');
  const wrong = await restore(r, r.source, r.into, { identity });
  assert.deepEqual([wrong.verdict, wrong.failure?.code, wrong.failure?.origin], ['failed', 'WRONG_KEY', 'key']);
  await assert.rejects(readdir(r.into), 'nothing was touched');

  await r.run({ source: r.source });
  const keys = await r.keys('snapshots/');
  await r.flip(keys[1] as string, 300);
  let asked = 0;
  const older = await restore(r, r.source, r.into, {
    identity: () => {
      asked++;
      return r.identity();
    },
  });
  assert.deepEqual([older.verdict, asked], ['ok', 1]);
  assert.deepEqual(
    older.problems.map(({ code }) => code),
    ['SIGNATURE_INVALID'],
    'that the latest was passed over is said',
  );
  await r.flip(keys[0] as string, 300);
  const none = await restore(r, r.source, `${r.into}2`, { identity: () => assert.fail('asked for nothing') });
  assert.deepEqual([none.verdict, none.failure?.code], ['failed', 'SNAPSHOT_UNKNOWN']);
});

test('a part that the snapshot does not hold is no success', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  const none = await restore(r, r.source, r.into, { select: ['sbu/', '*.nothing'] });
  assert.deepEqual([none.verdict, none.failure?.code], ['failed', 'NOTHING_SELECTED']);
  assert.match(none.failure?.message ?? '', /"sbu\/", "\*\.nothing"/);
  await assert.rejects(readdir(r.into), { code: 'ENOENT' });
  const some = await restore(r, r.source, r.into, { select: ['./sub/3', 'sbu/', '!sub/4'] });
  assert.equal(some.verdict, 'incomplete');
  assert.deepEqual(
    some.skipped.map(({ what, failure }) => [what, failure.code]),
    [['sbu/', 'NOTHING_SELECTED']],
  );
  assert.deepEqual(Object.keys(await listing(r.into)).sort(), ['sub', 'sub/3']);
});

const noAnswer: Failure = { code: 'TARGET_UNAVAILABLE', message: 'no answer', origin: 'target', permanent: false };

test('a target that gives each pack only when it is asked again leaves nothing out', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  const asked = new Map<string, number>();
  r.hooks.get = (_, key) => {
    const before = asked.get(key) ?? 0;
    asked.set(key, before + 1);
    if (key.startsWith('packs/') && before === 0) fail(noAnswer);
  };
  const report = await restore(r, r.source, r.into);
  assert.deepEqual([report.verdict, report.skipped], ['ok', []]);
  assert.deepEqual(await listing(r.into), await listing(r.data));
  assert.ok([...asked].some(([key, times]) => key.startsWith('packs/') && times > 1));
});

test('a target that gives no pack at all is not waited for without end', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  let asked = 0;
  r.hooks.get = (_, key) => {
    if (!key.startsWith('packs/')) return;
    asked++;
    fail(noAnswer);
  };
  const report = await restore(r, r.source, r.into);
  assert.notEqual(report.verdict, 'ok');
  assert.match(JSON.stringify(report), /target target-0: no answer/);
  assert.ok(asked >= 3 && asked < 100, `${asked} times`);
});

test('a restore that is cancelled says so', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  const cancel = new AbortController();
  r.hooks.get = (_, key) => (key.startsWith('packs/') ? cancel.abort() : undefined);
  const report = await restore(r, r.source, r.into, { signal: cancel.signal });
  assert.deepEqual([report.verdict, report.failure?.code], ['cancelled', 'CANCELLED']);
});

test("another writer cannot pass its snapshot off as this host's, nor be taken for the latest", async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  const own = await loadHostKeys(r.stateFolder);
  assert.ok(own);
  // Another host of the same repository, with a source of the same name.
  const host = { ...own, writer: 'ab'.repeat(16), signer: generateSigner(), domains: [] };
  await saveHostKeys(r.stateFolder, host);
  await writeFile(join(r.data, 'planted'), 'evil');
  r.clock = new Date(Date.now() + 3_600_000);
  assert.equal((await r.run({ source: r.source })).verdict, 'ok');
  const current = await loadHostKeys(r.stateFolder);
  assert.ok(current?.revision);
  await saveHostKeys(r.stateFolder, { ...own, revision: current.revision });

  const report = await restore(r, r.source, r.into);
  assert.equal(report.verdict, 'ok', JSON.stringify(report.failure));
  assert.equal((await readdir(r.into)).includes('planted'), false);

  // Under this host's name: the signature is not this host's.
  const theirs = (await r.keys('snapshots/')).find((key) => key.includes(host.writer)) as string;
  const forged = theirs.replace(host.writer, own.writer).replace(/1$/, '2');
  await writeFile(r.path(forged), await readFile(r.path(theirs)));
  await using store = await r.openStore();
  const { damaged } = await listSnapshots(store, await r.writers(store));
  assert.deepEqual(
    damaged.map(({ key, failure }) => [key, failure.code]),
    [[forged, 'SIGNATURE_INVALID']],
  );
  const again = await restore(r, r.source, `${r.into}2`);
  assert.equal((await readdir(`${r.into}2`)).includes('planted'), false);
  assert.deepEqual(
    again.problems.map(({ code }) => code),
    ['SIGNATURE_INVALID', 'WRITER_UNAPPROVED'],
  );
});

test('on a new host, which of two writers is meant must be said by id', async () => {
  await using r = await withFiles();
  await r.run({ source: r.source });
  const own = await loadHostKeys(r.stateFolder);
  assert.ok(own);
  await saveHostKeys(r.stateFolder, { ...own, writer: 'ab'.repeat(16), signer: generateSigner(), domains: [] });
  await r.run({ source: r.source });
  const other = await loadHostKeys(r.stateFolder);
  assert.ok(other?.revision);
  await r.approve(other, 'other');
  await saveHostKeys(r.stateFolder, { ...other, writer: 'cd'.repeat(16), signer: generateSigner(), domains: [] });
  const report = await restore(r, r.source, r.into);
  assert.deepEqual([report.verdict, report.failure?.code], ['failed', 'SNAPSHOT_AMBIGUOUS']);
  const named = await restore(r, r.source, r.into, { at: await firstSnapshot(r) });
  assert.equal(named.verdict, 'ok', JSON.stringify(named.failure));
});

test('a run under a clock far ahead does not stay the latest', async () => {
  await using r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  for (const [day, name] of [
    [0, 'a'],
    [3650, 'b'],
    [1, 'c'],
  ] as const) {
    r.clock = new Date(Date.UTC(2026, 0, 1 + day));
    await r.runWith(async (out) => {
      await out.tree('tree', entries(folderEntry(name)));
      return { facts: name };
    });
  }
  await withSnapshot(r, async (_, { snapshot }) => assert.equal(snapshot.opened.header.facts, 'c'));
});
