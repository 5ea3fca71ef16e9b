import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PageRef } from '../repository/snapshot.ts';
import { compareTreeOrder, encodeRecord, type TreeRecord } from '../repository/tree.ts';
import { PageCache } from './page-cache.ts';
import { PathHistories, type TreeVersion } from './path-histories.ts';
import { Selection } from './selection.ts';
import type { UnlockedDomain } from './unlocked-domain.ts';

const NAMES = ['a', 'a/x', 'a/y', 'a-', 'b', 'b/x', 'c', 'd', 'e', 'e/x'];

function record(path: string, seed: number): TreeRecord {
  const meta = { mode: 0o644, uid: 0, gid: 0, mtimeNs: BigInt(seed) };
  const folder = path === '' || NAMES.some((name) => name.startsWith(`${path}/`));
  return {
    path: Buffer.from(path),
    meta,
    ...(folder ? { kind: 'directory' } : { kind: 'symlink', target: Buffer.from('t') }),
  };
}

/** A tree cut into pages where `cuts` has a path, and the pages put where they are found. */
function version(
  files: Readonly<Record<string, number>>,
  cuts: ReadonlySet<string>,
  domain: UnlockedDomain,
): TreeVersion {
  const paths = new Set(['', ...Object.keys(files).flatMap((path) => [path.replace(/\/.*/, ''), path])]);
  const sorted = [...paths].sort((x, y) => compareTreeOrder(Buffer.from(x), Buffer.from(y)));
  const pages: { first: string; parts: Uint8Array[] }[] = [];
  for (const path of sorted) {
    const part = encodeRecord(record(path, files[path] ?? 0));
    const page = pages.at(-1);
    if (page === undefined || cuts.has(path)) pages.push({ first: path, parts: [part] });
    else page.parts.push(part);
  }
  return {
    domain,
    pages: pages.map(({ first, parts }): PageRef => {
      const bytes = Buffer.concat(parts);
      const id = createHash('sha256').update(bytes).digest();
      domain.pages.keep(id, bytes);
      return { id, length: bytes.length, first: Buffer.from(first) };
    }),
  };
}

const files = fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 3 }));
const cuts = fc.uniqueArray(fc.constantFrom(...NAMES)).map((list) => new Set(list));
const patterns = fc.constantFrom([], ['a/'], ['x'], ['b/x', 'd'], ['!a']);

test('what each version has at each path is what it has, wherever they are cut and whatever they share', async () => {
  const one = fc.tuple(files, cuts);
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 6 }), patterns, async (trees, asked) => {
      // Nothing else of a domain is touched, as long as its pages are there.
      const domain = { keys: { id: 'domain' }, pages: new PageCache() } as UnlockedDomain;
      const versions = trees.map(([tree, where]) => version(tree, where, domain));
      const found: Record<string, string[]> = {};
      let last: Uint8Array | undefined;
      for await (const { path, found: here } of new PathHistories(versions, new Selection(asked), () =>
        assert.fail(),
      )) {
        assert.ok(last === undefined || compareTreeOrder(last, path) < 0, 'in tree order, each path once');
        last = path;
        found[Buffer.from(path).toString()] = here.map((entry) =>
          typeof entry === 'string' ? entry : String(entry.meta.mtimeNs),
        );
      }
      assert.deepEqual(
        found,
        expected(
          trees.map(([tree]) => tree),
          asked,
        ),
      );
    }),
    { numRuns: 500 },
  );
});

test('a page that one version says to begin or end elsewhere is read for the others, and is unread in that one', async () => {
  const domain = { keys: { id: 'domain' }, pages: new PageCache() } as UnlockedDomain;
  const right = version({ 'a/x': 1, b: 1, c: 1, d: 1 }, new Set(['c']), domain);
  const moved = (first: string): TreeVersion => {
    const [one, two] = right.pages as readonly [PageRef, PageRef];
    return { domain, pages: [one, { ...two, first: Buffer.from(first) }] };
  };
  const search = async (wrong: TreeVersion) => {
    const damaged: (readonly number[])[] = [];
    const found: Record<string, string> = {};
    const histories = new PathHistories([right, wrong, right], new Selection(['b', 'd']), (versions, { code }) => {
      assert.equal(code, 'OBJECT_DAMAGED');
      damaged.push(versions);
    });
    for await (const { path, found: here } of histories)
      found[Buffer.from(path).toString()] = here
        .map((entry) => (typeof entry === 'string' ? entry : 'there'))
        .join(' ');
    return { damaged, found };
  };
  // In its first page it has b, behind the path with which its second is said to begin.
  assert.deepEqual(await search(moved('a/z')), {
    damaged: [[1], [1]],
    found: { b: 'there unread there', d: 'there unread there' },
  });
  assert.deepEqual(await search(moved('d')), {
    damaged: [[1]],
    found: { b: 'there there there', d: 'there unread there' },
  });
});

function expected(
  trees: readonly Readonly<Record<string, number>>[],
  asked: readonly string[],
): Record<string, string[]> {
  const has = (tree: Readonly<Record<string, number>>, path: string) =>
    path === '' || path in tree || Object.keys(tree).some((other) => other.startsWith(`${path}/`));
  const all = ['', ...NAMES].filter((path) => trees.some((tree) => has(tree, path)));
  const wanted = all.filter((path) => new Selection(asked).wants(record(path, 0)));
  return Object.fromEntries(
    wanted.map((path) => [path, trees.map((tree) => (has(tree, path) ? String(tree[path] ?? 0) : 'absent'))]),
  );
}
