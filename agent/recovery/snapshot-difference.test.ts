import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Job } from '../config/policy.ts';
import type { Meta, Sink, TreeEntry } from '../contract/index.ts';
import { makeRecipient, noise, pieces, TestRepository } from '../engine/repository.fixture.ts';
import { ContentComparison } from './content-comparison.ts';
import { DifferenceTotals } from './difference-totals.ts';
import { withDomains } from './reading.fixture.ts';
import { Selection } from './selection.ts';
import { compareSnapshots, mistyped, type SnapshotChange } from './snapshot-difference.ts';

let r: TestRepository;
before(async () => {
  r = await TestRepository.create({ plugins: builtinPlugins, recipient: await makeRecipient() });
});
after(() => r[Symbol.asyncDispose]());

const META: Meta = { mode: 0o644, uid: 1, gid: 2, mtimeNs: 5n };
type Content = { data: Uint8Array } | { link: string } | { name: string } | 'folder' | 'fifo' | { device: number };

function entry(path: string, content: Content, meta: Partial<Meta> = {}): TreeEntry {
  const own = { path: Buffer.from(path), meta: { ...META, ...meta } };
  if (content === 'folder') return { ...own, kind: 'directory' };
  if (content === 'fifo') return { ...own, kind: 'special', type: 'fifo', major: 0, minor: 0 };
  if ('device' in content) return { ...own, kind: 'special', type: 'block', major: content.device, minor: 0 };
  if ('link' in content) return { ...own, kind: 'symlink', target: Buffer.from(content.link) };
  if ('name' in content) return { ...own, kind: 'hardlink', target: Buffer.from(content.name) };
  return { ...own, kind: 'data', data: pieces(content.data) };
}

const denied = { code: 'SOURCE_DENIED', message: 'EACCES', origin: 'source', permanent: true } as const;

type Capture = (out: Sink) => Promise<void>;

const tree =
  (...entries: TreeEntry[]): Capture =>
  (out) =>
    out.tree(
      'tree',
      (async function* () {
        yield* entries;
      })(),
    );

/** `c tree/path`: what is shown of each change between two snapshots that are made now. */
async function changes(
  was: Capture,
  is: Capture,
  o: { job?: Partial<Job>; read?: boolean; patterns?: string[]; skipped?: readonly string[] } = {},
) {
  const id = async (capture: Capture, over: Partial<Job>, skipped: readonly string[] = []) => {
    const report = await r.runWith(async (out) => {
      for (const what of skipped) out.skip(what, denied);
      await capture(out);
      return { facts: null };
    }, over);
    assert.equal(report.verdict, skipped.length > 0 ? 'incomplete' : 'ok', JSON.stringify(report.failure));
    return report.snapshot?.id;
  };
  const ids = [await id(was, {}), await id(is, o.job ?? {}, o.skipped)];
  return withDomains(r, async (domains, snapshots) => {
    const [from, to] = ids.map((one) => snapshots.find((snapshot) => snapshot.id === one));
    assert.ok(from && to);
    const [first, second] = [await domains.open(from), await domains.open(to)];
    const selection = new Selection(o.patterns ?? []);
    const content = new ContentComparison(first, second, o.read ?? false);
    const totals = new DifferenceTotals();
    const found: string[] = [];
    for await (const change of compareSnapshots(first, second, selection, content)) {
      totals.add(change);
      found.push(shown(change));
    }
    const missing = await mistyped(first, second, selection);
    return { found, totals, comparing: content.comparing, missing, read: domains.read };
  });
}

function shown(found: SnapshotChange): string {
  if ('stream' in found) {
    const { stream } = found;
    return `${stream.change} ${found.part}${stream.change === 'changed' ? ` ${stream.content}` : ''}`;
  }
  const { entry: one } = found;
  if (one.change !== 'changed')
    return `${one.change} ${Buffer.from((one.change === 'added' ? one.after : one.before).path)}`;
  const { aspects, contentUnknown } = one.difference;
  return `${[...aspects, ...(contentUnknown ? ['unknown'] : [])].join(',')} ${Buffer.from(one.after.path)}`;
}

const [a, b] = [noise(1, 30_000), noise(2, 30_000)];
const x = (value: string) => ({ xattrs: { 'user.x': Buffer.from(value) } });

test('each thing that can change is named, and nothing else', async () => {
  const { found, totals } = await changes(
    tree(
      entry('', 'folder'),
      entry('content', { data: a }),
      entry('device', { device: 1 }),
      entry('empty', { data: noise(1, 0) }),
      entry('flags', { data: a }, { flags: 0x10 }),
      entry('folder', 'folder', { mode: 0o700 }),
      entry('gone', { data: a }),
      entry('kind', { data: a }),
      entry('link', { link: 'a' }),
      entry('owner', { data: a }),
      entry('same', { data: a }, { birthNs: 1n, ...x('1') }),
      entry('special', 'fifo'),
      entry('time', { data: a }),
      entry('xattrs', { data: a }, x('1')),
      entry('xattrs gone', { data: a }, x('1')),
    ),
    tree(
      entry('', 'folder', { mtimeNs: -1n }),
      entry('content', { data: b }, { mtimeNs: 6n }),
      entry('device', { device: 2 }),
      entry('empty', { data: noise(1, 1) }),
      entry('flags', { data: a }, { flags: 0x20 }),
      entry('folder', 'folder', { mode: 0o755 }),
      entry('folder/new', { data: b }),
      entry('kind', 'folder'),
      entry('link', { link: 'b' }),
      entry('owner', { data: a }, { gid: 3 }),
      entry('same', { data: a }, { birthNs: 2n, ...x('1') }),
      entry('special', { device: 0 }),
      entry('time', { data: a }, { mtimeNs: 6n }),
      entry('xattrs', { data: a }, x('2')),
      entry('xattrs gone', { data: a }),
    ),
  );
  assert.deepEqual(found, [
    'time ',
    'content,time content',
    'content device',
    'content empty',
    'flags flags',
    'mode folder',
    'added folder/new',
    'removed gone',
    'kind kind',
    'link link',
    'owner owner',
    'kind special',
    'time time',
    'xattrs xattrs',
    'xattrs xattrs gone',
  ]);
  assert.deepEqual(
    { ...totals },
    {
      added: { entries: 1, bytes: 30_000 },
      removed: { entries: 1, bytes: 30_000 },
      skipped: { entries: 0, bytes: 0 },
      changed: { entries: 13, bytesBefore: 7 * 30_000, bytesAfter: 6 * 30_000 + 1 },
      unknown: 0,
    },
  );
});

test('a file under other names is the same file: only which name is the first is other', async () => {
  const { found } = await changes(
    tree(
      entry('', 'folder'),
      entry('a', { data: a }),
      entry('b', { name: 'a' }),
      entry('c', { name: 'a' }),
      entry('d', { data: b }),
    ),
    tree(entry('', 'folder'), entry('b', { data: a }), entry('c', { name: 'b' }), entry('d', { name: 'b' })),
  );
  assert.deepEqual(found, ['removed a', 'link b', 'link c', 'content,link d']);
});

test('what the later one skipped need not be gone: it is unknown, and so is all below it', async () => {
  const was: Capture = async (out) => {
    await tree(
      entry('', 'folder'),
      entry('a', { data: a }),
      entry('b', { data: b }),
      entry('d', 'folder'),
      entry('d/x', { data: a }),
    )(out);
    await out.bytes('dump', pieces(a), { chunker: 'cdc' });
    await out.bytes('other dump', pieces(b), { chunker: 'cdc' });
  };
  const is = tree(entry('', 'folder'), entry('d', 'folder'));
  const { found, totals } = await changes(was, is, { skipped: ['a', 'd', 'dump'] });
  assert.deepEqual(found, ['unknown a', 'removed b', 'unknown d/x', 'unknown dump', 'removed other dump']);
  assert.deepEqual(
    [totals.skipped, totals.removed],
    [
      { entries: 3, bytes: 90_000 },
      { entries: 2, bytes: 60_000 },
    ],
  );
});

test('patterns: only what they mean is compared; a path that neither has is named', async () => {
  const was = tree(
    entry('', 'folder'),
    entry('d', 'folder'),
    entry('d/x.conf', { data: a }),
    entry('y.conf', { data: a }),
  );
  const is = tree(
    entry('', 'folder'),
    entry('d', 'folder'),
    entry('d/x.conf', { data: b }),
    entry('z.conf', { data: a }),
  );
  const ask = async (...patterns: string[]) => {
    const { found, missing } = await changes(was, is, { patterns });
    return [found, missing];
  };
  assert.deepEqual(await ask('d/'), [['content d/x.conf'], []]);
  assert.deepEqual(await ask('*.conf', '!d/x.conf'), [['removed y.conf', 'added z.conf'], []]);
  assert.deepEqual(await ask('/y.conf', '/x.conf', 'e/f', 'none'), [['removed y.conf'], ['/x.conf', 'e/f']]);
});

test('streams are compared; pages of their lists that are the same are not read', async () => {
  const long = noise(3, 3_000_000);
  const streams =
    (...list: [string, Uint8Array][]): Capture =>
    async (out) => {
      for (const [name, data] of list) await out.bytes(name, pieces(data, 65_536), { chunker: 'cdc' });
    };
  const { found, totals, read } = await changes(
    streams(['changed', a], ['gone', a], ['grown', a], ['same', long], ['empty', noise(1, 0)]),
    streams(['changed', b], ['grown', noise(1, 40_000)], ['new', b], ['same', long], ['empty', noise(1, 0)]),
  );
  assert.deepEqual(found, ['changed changed other', 'changed grown other', 'added new', 'removed gone']);
  assert.equal(totals.changed.bytesAfter - totals.changed.bytesBefore, 10_000);
  assert.ok(read.bytes < 10_000, `${read.bytes} bytes: the lists of what changed`);
  const one = await changes(streams(['s', a], ['t', a]), streams(['s', b], ['t', b]), { patterns: ['t'] });
  assert.deepEqual(one.found, ['changed t other']);
});

const OTHERS: readonly (readonly [what: string, job: () => Partial<Job>])[] = [
  ['another domain', () => ({ name: 'elsewhere', domain: 'tester/other' })],
  [
    'other chunk settings',
    () => ({
      pipeline: { ...r.job().pipeline, chunk: { type: 'fastcdc', options: { min: 2048, avg: 8192, max: 32_768 } } },
    }),
  ],
];
for (const [what, job] of OTHERS) {
  test(`${what}: by size and time, or by reading`, async () => {
    const captures = () =>
      [
        tree(
          entry('', 'folder'),
          entry('grown', { data: a }),
          entry('same', { data: a }),
          entry('time', { data: a }),
          entry('touched', { data: a }),
          entry('untimed', { data: a }),
        ),
        tree(
          entry('', 'folder'),
          entry('grown', { data: noise(1, 30_001) }),
          entry('same', { data: a }),
          entry('time', { data: b }, { mtimeNs: 9n }),
          entry('touched', { data: a }, { mtimeNs: 9n }),
          entry('untimed', { data: b }),
        ),
      ] as const;
    const guessed = await changes(...captures(), { job: job() });
    assert.equal(guessed.comparing, 'size and time');
    assert.deepEqual(guessed.found, ['content grown', 'time,unknown time', 'time,unknown touched']);
    assert.equal(guessed.totals.unknown, 2);
    const read = await changes(...captures(), { job: job(), read: true });
    assert.equal(read.comparing, 'content');
    assert.deepEqual(read.found, ['content grown', 'content,time time', 'time touched', 'content untimed']);
    const streams =
      (data: Uint8Array): Capture =>
      (out) =>
        out.bytes('s', pieces(data), { chunker: 'cdc' });
    assert.deepEqual((await changes(streams(a), streams(b), { job: job() })).found, ['changed s unknown']);
    assert.deepEqual((await changes(streams(a), streams(b), { job: job(), read: true })).found, ['changed s other']);
    assert.deepEqual((await changes(streams(a), streams(a), { job: job(), read: true })).found, []);
  });
}
