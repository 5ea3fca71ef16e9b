/**
 * Objects that somebody wrote who holds a host's keys, and storage that does not answer as a target does. Whatever it is, it has a
 * name, and what was stored honestly comes back.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, noise, TestRepository } from '../engine/repository.fixture.ts';
import { loadIndex } from '../repository/index-loading.ts';
import { decodeEpoch } from '../repository/keys/epoch.ts';
import { loadHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import { generateKeyPair } from '../repository/keys/hpke.ts';
import { signObject } from '../repository/keys/signed-object.ts';
import { generateSigner } from '../repository/keys/signing.ts';
import { encodeWriter } from '../repository/keys/writer.ts';
import { LAST_SEQUENCE, snapshotKey, writerKey } from '../repository/layout.ts';
import { objectHeader } from '../repository/object.ts';
import { Store } from '../repository/store.ts';
import { encodeTable, tableBytes } from '../repository/table.ts';
import { CraftedRepository, file, folder } from './crafted-repository.fixture.ts';
import { restore, verify } from './reading.fixture.ts';

const recipient = await makeRecipient();
const content = noise(1, 60_000);

interface Place extends AsyncDisposable {
  readonly r: TestRepository;
  readonly crafted: CraftedRepository;
  run(): ReturnType<TestRepository['run']>;
  /** Restores the newest that is this host's own, and gives the content of its one file; fails unless all is well. */
  readsBack(at?: string): Promise<readonly string[]>;
}

async function place(): Promise<Place> {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  const data = join(r.folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'file'), content);
  const source = r.files({ paths: [data] });
  const run = () => r.run({ source });
  const first = await run();
  assert.equal(first.verdict, 'ok', `${first.failure?.message}`);
  let into = 0;
  return {
    r,
    crafted: await CraftedRepository.open(r.path(''), r.stateFolder),
    run,
    async readsBack(at = first.snapshot?.hash ?? '') {
      const to = join(r.folder, `into-${into++}`);
      const report = await restore(r, source, to, { at });
      assert.deepEqual([report.verdict, report.failure, report.skipped], ['ok', undefined, []]);
      assert.ok(readFileSync(join(to, 'file')).equals(Buffer.from(content)));
      return report.problems.map(({ code }) => code);
    },
    [Symbol.asyncDispose]: () => r[Symbol.asyncDispose](),
  };
}

test('a chunk of another under the id of one that is needed takes nobody in who restores what was there before', async () => {
  await using p = await place();
  const { r, crafted } = p;
  await using store = await r.openStore();
  const { packs } = await loadIndex(store, crafted.keys, 'read');
  const honest = [...packs].flatMap(([, { table }]) =>
    Array.from(table.lengths, (length, i) => ({ id: table.ids.slice(i * 32, i * 32 + 32), length })),
  );
  // Many packs: some come before the honest ones, whatever their names are.
  for (let n = 0; n < 8; n++) {
    const chunks = honest.map((claim) => ({ ...claim, bytes: randomBytes(claim.length) }));
    crafted.pack(chunks.map((chunk) => ({ chunks: [chunk] })));
  }
  assert.deepEqual(await p.readsBack(), []);
  const found = await verify(r, 'decrypt');
  assert.deepEqual(found.findings, [], 'no snapshot needs them');
});

test('a fragment that lies about a pack is not believed where another speaks of it, and says which pack', async () => {
  await using p = await place();
  const { r, crafted } = p;
  await using store = await r.openStore();
  const { packs } = await loadIndex(store, crafted.keys, 'read');
  for (const [, { name, size, table }] of packs) {
    const shifted = { ...table, ids: Uint8Array.from(table.ids, (byte) => byte ^ 1) };
    crafted.fragment([{ name, size, table: encodeTable(shifted) }]);
    crafted.fragment([{ name: randomBytes(32).toString('hex'), size, table: encodeTable(table) }]);
    crafted.fragment([{ name, size: size + 1000, table: encodeTable(table) }]);
  }
  assert.deepEqual(await p.readsBack(), []);
  const next = await p.run();
  assert.deepEqual([next.verdict, next.totals.newChunks], ['ok', 0]);
  const codes = new Set(next.problems.map(({ code }) => code));
  for (const code of ['INDEX_DISPUTED', 'PACK_MISSING', 'OBJECT_DAMAGED']) assert.ok(codes.has(code), code);
  for (const problem of next.problems) assert.ok(problem.hint);
});

test('counts and lengths of billions are refused for what there is', async () => {
  await using p = await place();
  const { r, crafted } = p;
  const counts = (births: number, frames: number, chunks: number) => {
    const table = new Uint8Array(Buffer.alloc(12));
    new DataView(table.buffer).setUint32(0, births, true);
    new DataView(table.buffer).setUint32(4, frames, true);
    new DataView(table.buffer).setUint32(8, chunks, true);
    return table;
  };
  const tables = [counts(1, 0, 0xffff_ffff), counts(0xffff_ffff, 1, 1), counts(0, 0xffff_ffff, 0)];
  for (const table of tables) crafted.fragment([{ name: 'ab'.repeat(32), size: 1000, table }]);
  const births = Buffer.from('ffffffff', 'hex');
  const ordinals = Buffer.concat([Buffer.from('01000000', 'hex'), randomBytes(32), Buffer.from('ffffffff00', 'hex')]);
  for (const references of [births, ordinals]) {
    const at = crafted.snapshot({ pages: [], references });
    const report = await restore(r, r.files({ paths: ['/nowhere'] }), join(r.folder, 'no'), { at });
    assert.deepEqual([report.verdict, report.failure?.code], ['failed', 'OBJECT_DAMAGED']);
  }
  assert.equal(tableBytes(1, 1, 1) > 12, true);
  assert.deepEqual(await p.readsBack(), []);
});

const fields: Record<string, (p: Place) => string | Promise<string>> = {
  'a body of other artifacts than its header': ({ crafted }) =>
    crafted.snapshot({ pages: [], body: { artifacts: [] } }),
  'an unknown field': ({ crafted }) => crafted.snapshot({ pages: [], header: { more: 1 } }),
  'a year of five digits': ({ crafted }) =>
    crafted.snapshot({ pages: [], header: { started: '+012026-01-01T00:00:00.000Z' } }),
  'another writer in its header': ({ crafted }) => crafted.snapshot({ pages: [], header: { writer: 'ab'.repeat(16) } }),
  'pages out of order': ({ crafted }) => {
    const [chunk] = crafted.chunks(Buffer.from('x'));
    const page = (first: string) => [chunk?.id ?? null, chunk?.length ?? 0, Buffer.from(first)];
    return crafted.snapshot({ pages: [page('b'), page('a')] });
  },
  'a page of 2 GiB': ({ crafted }) => crafted.snapshot({ pages: [[new Uint8Array(32), 2 ** 31, new Uint8Array()]] }),
  'an epoch as a snapshot': async ({ r, crafted }) => {
    const [epoch = ''] = await r.keys('keys/epochs/');
    crafted.put(snapshotKey(crafted.host.writer, 'forged', 1), readFileSync(r.path(epoch)));
    return createHash('sha256')
      .update(readFileSync(r.path(epoch)))
      .digest('hex');
  },
};
for (const [name, make] of Object.entries(fields)) {
  test(`a snapshot with ${name} is refused, and the others restore`, async () => {
    await using p = await place();
    const at = await make(p);
    const report = await restore(p.r, p.r.files({ paths: ['/nowhere'] }), join(p.r.folder, 'no'), { at });
    assert.equal(report.verdict, 'failed');
    const codes = [report.failure?.code, ...report.problems.map(({ code }) => code)];
    assert.ok(codes.includes('OBJECT_DAMAGED'), `${codes}`);
    await p.readsBack();
  });
}

test('an epoch whose public key is another than the one that was sealed opens nothing, and is called forged', async () => {
  await using p = await place();
  const { r, crafted } = p;
  const [key = ''] = await r.keys('keys/epochs/');
  const { signer } = crafted.host;
  const honest = decodeEpoch(readFileSync(r.path(key)), key, () => signer.publicKey, crafted.host.repository);
  const forged = { ...honest, publicKey: generateKeyPair().publicKey, recipients: [...honest.recipients] };
  writeFileSync(r.path(key), signObject('epoch', forged, signer));
  const report = await restore(r, r.files({ paths: ['/nowhere'] }), join(r.folder, 'no'));
  assert.deepEqual([report.verdict, report.failure?.code], ['failed', 'EPOCH_FORGED']);
  assert.ok(report.failure?.hint);
});

test('two keys for one writer: its own host reads nothing, others by the key that was approved', async () => {
  await using p = await place();
  const { r, crafted } = p;
  const { repository, writer } = crafted.host;
  const thief = generateSigner();
  const created = new Date().toISOString();
  const object = encodeWriter(
    {
      id: writer,
      repository,
      host: 'thief',
      publicKey: thief.publicKey,
      joinKey: generateKeyPair().publicKey,
      created,
    },
    thief,
  );
  writeFileSync(r.path(writerKey(writer)), object);
  const own = await restore(r, r.files({ paths: ['/nowhere'] }), join(r.folder, 'own'));
  assert.deepEqual([own.verdict, own.failure?.code], ['failed', 'WRITER_FORGED']);
  const keys = await loadHostKeys(r.stateFolder);
  assert.ok(keys?.revision);
  await saveHostKeys(r.stateFolder, { ...keys, writer: 'cd'.repeat(16), signer: generateSigner(), domains: [] });
  const other = await restore(r, r.files({ paths: ['/nowhere'] }), join(r.folder, 'other'));
  assert.deepEqual([other.verdict, other.failure, other.skipped], ['ok', undefined, []]);
  assert.deepEqual(
    other.problems.map(({ code }) => code),
    ['WRITER_FORGED'],
  );
});

test('whoever may add objects, and nothing more, does not stop the numbers of a job', async () => {
  await using p = await place();
  const { crafted } = p;
  const last = snapshotKey(crafted.host.writer, 'job', LAST_SEQUENCE);
  crafted.put(last, Buffer.concat([objectHeader('snapshot'), randomBytes(400)]));
  crafted.put(snapshotKey(crafted.host.writer, 'job', 2), Buffer.from('garbage'));
  const next = await p.run();
  assert.deepEqual([next.verdict, next.snapshot?.sequence], ['ok', 3], `${next.failure?.message}`);
  assert.deepEqual(next.problems.map(({ code }) => code).sort(), ['OBJECT_DAMAGED', 'SIGNATURE_INVALID']);
  const after = await p.run();
  assert.deepEqual([after.verdict, after.snapshot?.sequence], ['ok', 4]);
  await p.readsBack('latest');
});

test('a job whose own last number is the last of all says so', async () => {
  await using p = await place();
  p.crafted.snapshot({ job: 'job', sequence: LAST_SEQUENCE, pages: [] });
  const next = await p.run();
  assert.deepEqual([next.verdict, next.failure?.code], ['failed', 'SEQUENCE_ENDED']);
  assert.ok(next.failure?.hint);
});

test('times at the ends of all times are those of files that the system has room for, or named', async (t) => {
  await using p = await place();
  const { r, crafted } = p;
  const [chunk] = crafted.chunks(Buffer.from('x'));
  const times = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 34n, 2n ** 63n - 1n, -1n, -(2n ** 31n), -(2n ** 63n)];
  const entries = times.map((seconds, i) => file(`${i}`, chunk ? [chunk] : [], { 5: seconds, 6: 999_999_999 }));
  const at = crafted.tree([[folder('', { 5: -(2n ** 63n) }), ...entries]]);
  const to = join(r.folder, 'times');
  const report = await restore(r, r.files({ paths: ['/nowhere'] }), to, { at });
  t.diagnostic(`${report.verdict}: ${report.skipped.map(({ what, failure }) => `${what} ${failure.message}`)}`);
  const there = readdirSync(to);
  const named = report.skipped.map(({ what }) => what);
  for (const [i] of times.entries()) assert.ok(there.includes(`${i}`) !== named.includes(`${i}`), `${i}`);
});

/** Answers of storage that is not what it seems, given by a target in its place. */
async function withAnswers(answers: {
  list?(prefix: string): AsyncIterable<{ key: string; size: number }>;
  get?(key: string): AsyncIterable<Uint8Array>;
}): Promise<Place & { readonly store: Store }> {
  const p = await place();
  const honest = await p.r.openStore();
  const [target] = honest.targets;
  assert.ok(target);
  const odd = {
    ...target.target,
    now: () => target.target.now(),
    put: target.target.put.bind(target.target),
    get: (key: string, range?: { offset: number; length?: number }) =>
      answers.get?.(key) ?? target.target.get(key, range),
    list: (prefix: string) => answers.list?.(prefix) ?? target.target.list(prefix),
    [Symbol.asyncDispose]: async () => {},
  };
  return { ...p, store: new Store([{ name: 'odd', target: odd }]) };
}

const refused = (code: string) => (error: { failure?: { code?: string; hint?: string; message?: string } }) => {
  assert.equal(error.failure?.code, code, `${error}`);
  return true;
};

test('a listing of odd names gives those that were asked for and are keys', async () => {
  const names = [
    '../../etc/passwd',
    '/etc/passwd',
    'packs/\x1b[2J',
    'packs/ok',
    'PACKS/UP',
    '',
    'keys/writers/x',
    'packs/\0',
    `packs/${'x'.repeat(300)}`,
  ];
  await using p = await withAnswers({
    async *list() {
      for (const key of names) yield { key, size: -1 };
    },
  });
  assert.deepEqual(await p.store.keys('packs/'), ['packs/ok']);
});

test('a listing without an end comes to one', async () => {
  await using p = await withAnswers({
    async *list() {
      const same = { key: 'packs/a', size: 1 };
      for (;;) yield same;
    },
  });
  await assert.rejects(p.store.keys('packs/'), refused('LISTING_ENDLESS'));
});

test('so does one whose names go on and on', async () => {
  await using p = await withAnswers({
    async *list() {
      for (let n = 0; ; n++) yield { key: `packs/${String(n).padStart(12, '0')}`, size: 1 };
    },
  });
  await assert.rejects(new Store(p.store.targets, 5000).keys('packs/'), refused('LISTING_ENDLESS'));
});

for (const [name, code, piece, range] of [
  ['an object without an end', 'OBJECT_TOO_LARGE', new Uint8Array(2 ** 20), undefined],
  ['more bytes than were asked for', 'TARGET_OVERSUPPLY', new Uint8Array(17), { offset: 0, length: 16 }],
  ['nothing, over and over', 'TARGET_OVERSUPPLY', new Uint8Array(), undefined],
] as const) {
  test(`${name}: ${code}`, async (t: TestContext) => {
    let given = 0;
    await using p = await withAnswers({
      async *get() {
        for (; ; given++) yield piece;
      },
    });
    await assert.rejects(p.store.get('repository', range), refused(code));
    if (range === undefined) await assert.rejects(p.store.digest('repository'), refused(code));
    t.diagnostic(`${given} pieces were taken`);
  });
}

test('an object that lies under another key is not taken for that one', async () => {
  await using p = await place();
  const { r, crafted } = p;
  const [snapshot = ''] = await r.keys('snapshots/');
  const moved = r.path(snapshotKey(crafted.host.writer, 'elsewhere', 1));
  mkdirSync(dirname(moved), { recursive: true });
  copyFileSync(r.path(snapshot), moved);
  assert.deepEqual(await p.readsBack('latest'), ['OBJECT_DAMAGED']);
});
