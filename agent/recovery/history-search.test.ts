import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Job } from '../config/policy.ts';
import type { Sink } from '../contract/index.ts';
import { entries, folderEntry, makeRecipient, noise, pieces, TestRepository } from '../engine/repository.fixture.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { Writers } from '../repository/writers.ts';
import { type History, linesOf, openLine, searchHistory, type Unread } from './history-search.ts';
import { withDomains } from './reading.fixture.ts';
import { Selection } from './selection.ts';
import { chooseRange } from './snapshot-range.ts';

const recipient = await makeRecipient();
const create = () => TestRepository.create({ plugins: builtinPlugins, recipient });
const meta = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 1n };

type Files = Readonly<Record<string, number>>;

/** A tree with these files; the content of each is made of its number, and so is its time. */
function tree(files: Files) {
  const folders = new Set(
    Object.keys(files).flatMap((path) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])),
  );
  const all = [
    ...Array.from(folders, (path) => folderEntry(path)),
    ...Object.entries(files).map(([path, seed]) => ({
      path: Buffer.from(path),
      meta: { ...meta, mtimeNs: BigInt(seed) },
      kind: 'data' as const,
      data: pieces(noise(seed, 2000)),
    })),
  ].sort((a, b) => Buffer.compare(Buffer.from(treeKey(a.path)), Buffer.from(treeKey(b.path))));
  return (out: Sink) => out.tree('tree', entries(folderEntry(''), ...all));
}

function treeKey(path: Uint8Array): string {
  return Buffer.from(path).toString('latin1').replaceAll('/', '\0');
}

async function backUp(
  r: TestRepository,
  capture: (out: Sink) => Promise<void>,
  over: Partial<Job> = {},
): Promise<void> {
  const report = await r.runWith(async (out) => {
    await capture(out);
    return { facts: null };
  }, over);
  assert.equal(report.verdict, 'ok', JSON.stringify(report.failure));
}

type Choose = (snapshots: readonly StoredSnapshot[], writers: Writers) => readonly StoredSnapshot[];

async function search(r: TestRepository, patterns: string[], choose: Choose = (all) => all) {
  const unread: Unread[] = [];
  const found: Record<string, string> = {};
  const read = await withDomains(r, async (domains, snapshots, writers) => {
    const selection = new Selection(patterns);
    for (const line of linesOf(choose(snapshots, writers))) {
      const opened = await openLine(domains, line, (one) => void unread.push(one));
      for await (const history of searchHistory(opened, selection, (one) => void unread.push(one)))
        found[history.path === undefined ? history.part : Buffer.from(history.path).toString()] = told(
          history,
          snapshots,
        );
    }
    return domains.read;
  });
  return { found, unread, read };
}

const refuse = ({ failure }: Unread) => assert.fail(failure.message);

/** `1-2 3:content,time 4:absent`: the numbers of the snapshots, and what was other in the first of them. */
function told({ steps }: History, all: readonly StoredSnapshot[]): string {
  return steps
    .map((step) => {
      const numbers = step.snapshots.map(({ snapshot }) => all.findIndex(({ id }) => id === snapshot.id) + 1);
      const span = numbers.length === 1 ? `${numbers[0]}` : `${numbers[0]}-${numbers.at(-1)}`;
      if (step.state !== 'there') return `${span}:${step.state}`;
      const { aspects = [], contentUnknown = false } = step.difference ?? {};
      return [span, [...aspects, ...(contentUnknown ? ['unknown'] : [])].join()].filter(Boolean).join(':');
    })
    .join(' ');
}

test('when a path came, changed, vanished and came back', async () => {
  await using r = await create();
  await backUp(r, tree({ a: 1, b: 1, 'd/x': 1 }));
  await backUp(r, tree({ a: 1, b: 2, 'd/x': 1 }));
  await backUp(r, tree({ a: 1, c: 3 }));
  await backUp(r, tree({ a: 1, b: 2, c: 4, 'd/x': 1 }));
  const all = await search(r, []);
  assert.deepEqual(all.found, {
    '': '1-4',
    a: '1-4',
    b: '1 2:content,time 3:absent 4',
    c: '3 4:content,time',
    d: '1-2 3:absent 4',
    'd/x': '1-2 3:absent 4',
  });
  assert.deepEqual((await search(r, ['d/x', 'c'])).found, { c: '3 4:content,time', 'd/x': '1-2 3:absent 4' });
  const ranged = await search(r, ['b'], (snapshots, writers) =>
    chooseRange({ snapshots, unapproved: [] }, writers, {
      from: snapshots[1]?.id ?? '',
      to: Date.parse(snapshots[2]?.opened.header.finished ?? ''),
    }),
  );
  assert.deepEqual(ranged.found, { b: '2 3:absent' });
});

test('what a snapshot skipped, or what lies below it, is not called gone, whatever its name', async () => {
  await using r = await create();
  const odd = ['two\nlines', '\u202etxt', 'наум'];
  const files = { ...Object.fromEntries(odd.map((name) => [name, 1])), a: 1, b: 1, 'd/x': 1, 'd-': 1 };
  await backUp(r, tree(files));
  const denied = { code: 'SOURCE_DENIED', message: 'EACCES', origin: 'source', permanent: true } as const;
  const { verdict } = await r.runWith(async (out) => {
    // As sources write them: escaped where it is not to be shown, from the top of the host when there are several roots.
    for (const what of ['two\\nlines', '\\u{202e}txt', 'наум', '/a', 'd', 'log wal']) out.skip(what, denied);
    await tree({ c: 1 })(out);
    return { facts: null };
  });
  assert.equal(verdict, 'incomplete');
  await backUp(r, tree({ a: 1 }));
  const { found } = await search(r, []);
  assert.deepEqual(found, {
    '': '1-3',
    ...Object.fromEntries(odd.map((name) => [name, '1 2:skipped 3:absent'])),
    a: '1 2:skipped 3',
    b: '1 2-3:absent',
    c: '2 3:absent',
    d: '1 2:skipped 3:absent',
    'd-': '1 2-3:absent',
    'd/x': '1 2:skipped 3:absent',
  });
});

test('streams have versions, and lines of other sources are their own', async () => {
  await using r = await create();
  const stream = (seed: number) => (out: Sink) => out.bytes('dump', pieces(noise(seed, 30_000)), { chunker: 'cdc' });
  const source = { ...r.job().source, name: 'other' };
  await backUp(r, stream(1));
  await backUp(r, stream(1));
  await backUp(r, tree({ dump: 1 }), { name: 'elsewhere', source, domain: 'tester/other' });
  await backUp(r, stream(2));
  await withDomains(r, async (domains, snapshots) => {
    const lines = linesOf(snapshots);
    assert.deepEqual(
      lines.map(({ source: name, snapshots: { length } }) => [name, length]),
      [
        ['memory', 3],
        ['other', 1],
      ],
    );
    const [first, second] = await Promise.all(lines.map((line) => openLine(domains, line, refuse)));
    const told1 = [];
    for await (const history of searchHistory(first ?? [], new Selection(['dump']), refuse))
      told1.push(told(history, snapshots));
    for await (const history of searchHistory(second ?? [], new Selection(['dump']), refuse))
      told1.push(told(history, snapshots));
    assert.deepEqual(told1, ['1-2 4:content', '3']);
  });
});

test('two jobs of one source, in two domains: one history, by size and time', async () => {
  await using r = await create();
  await backUp(r, tree({ a: 1, b: 1 }));
  await backUp(r, tree({ a: 1, b: 2 }), { name: 'elsewhere', domain: 'tester/other' });
  await backUp(r, tree({ a: 1, b: 2 }));
  assert.deepEqual((await search(r, ['a', 'b'])).found, { a: '1-3', b: '1 2-3:time,unknown' });
});

test('a snapshot that does not open, and a page that is damaged: they are named, and nothing is called gone', async () => {
  await using r = await create();
  await backUp(r, tree({ a: 1 }));
  const packs = await r.keys('packs/');
  await backUp(r, tree({ a: 1, b: 1 }));
  const [damaged] = (await r.keys('packs/')).filter((key) => !packs.includes(key));
  await backUp(r, tree({ a: 1, c: 1 }));
  assert.ok(damaged);
  await r.flip(damaged, 60);
  const { found, unread } = await search(r, []);
  assert.deepEqual([found['a'], found['c']], ['1 2:unread 3', '2:unread 3']);
  assert.equal(found['b'], undefined);
  assert.deepEqual(
    unread.map(({ snapshots, failure }) => [snapshots.length, failure.code]),
    [[1, 'FRAME_DAMAGED']],
  );

  const other = await makeRecipient('other');
  await writeFile(`${r.folder}/other.asc`, other.publicKey);
  const recipients = [{ name: 'other', publicKey: `${r.folder}/other.asc`, at: r.job().at }];
  await backUp(r, tree({ a: 2 }), { name: 'elsewhere', domain: 'tester/other', recipients });
  const locked = await search(r, ['a']);
  assert.equal(locked.found['a'], '1 2:unread 3');
  assert.deepEqual(
    locked.unread.map(({ failure }) => failure.code),
    ['WRONG_KEY', 'FRAME_DAMAGED'],
  );
});
