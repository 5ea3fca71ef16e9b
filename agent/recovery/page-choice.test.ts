import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PageRef } from '../repository/snapshot.ts';
import { compareTreeOrder } from '../repository/tree.ts';
import { choosePages, isWithin, levelsOf, type Sought } from './page-choice.ts';

const name = fc.constantFrom('a', 'b', 'ab', 'a-', 'c');
const path = fc.array(name, { maxLength: 4 }).map((names) => names.join('/'));

/** All paths with the folders above them, in tree order, and pages that begin at some of them. */
const tree = fc.tuple(fc.array(path, { maxLength: 40 }), fc.infiniteStream(fc.boolean())).map(([paths, cuts]) => {
  const all = new Set(['']);
  for (const one of paths)
    for (let at = one.length; at > 0; at = one.lastIndexOf('/', at - 1)) all.add(one.slice(0, at));
  const entries = Array.from(all, (one) => Buffer.from(one)).sort(compareTreeOrder);
  const pages: Buffer[][] = [];
  for (const entry of entries) {
    const page = pages.at(-1);
    if (page === undefined || cuts.next().value) pages.push([entry]);
    else page.push(entry);
  }
  return pages;
});

const refs = (pages: Buffer[][]): PageRef[] =>
  pages.map(([first]) => ({ id: new Uint8Array(32), length: 1, first: first as Buffer }));

function isSought(entry: Uint8Array, { places, depth = Number.POSITIVE_INFINITY }: Sought): boolean {
  return places.some(
    (place) => (isWithin(entry, place) && levelsOf(entry) <= levelsOf(place) + depth) || isWithin(place, entry),
  );
}

test('every page that has something sought is chosen, and without a depth at most one for each name of a path that has nothing', () => {
  const depth = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
  fc.assert(
    fc.property(tree, fc.array(path, { minLength: 1, maxLength: 3 }), depth, (pages, places, levels) => {
      const sought = {
        places: places.map((one) => Buffer.from(one)),
        ...(levels === undefined ? {} : { depth: levels }),
      };
      const chosen = choosePages(refs(pages), sought);
      const having = pages.flatMap((entries, at) => (entries.some((entry) => isSought(entry, sought)) ? [at] : []));
      assert.deepEqual(
        having.filter((at) => !chosen.includes(at)),
        [],
      );
      const idle = chosen.filter((at) => !having.includes(at));
      // A path that is not there could be in the page before the one that begins behind it.
      const ways = new Set(
        places.flatMap((one) => one.split('/').map((_, i, names) => names.slice(0, i + 1).join('/'))),
      );
      assert.ok(levels !== undefined || idle.length <= ways.size, `${idle} of ${pages.length}`);
    }),
  );
});

test('the pages of folders that are too deep are left out', () => {
  const pages = ['', 'a/b/c', 'a/b/d', 'a/b/e', 'a/x', 'b'].map((first) => [Buffer.from(first)]);
  assert.deepEqual(choosePages(refs(pages), { places: [Buffer.alloc(0)], depth: 1 }), [0, 4, 5]);
  assert.deepEqual(choosePages(refs(pages), { places: [Buffer.from('a')], depth: 1 }), [0, 3, 4]);
  assert.deepEqual(choosePages(refs(pages), { places: [Buffer.from('a')] }), [0, 1, 2, 3, 4]);
  assert.deepEqual(choosePages(refs(pages), { places: [Buffer.from('a/b/d')] }), [0, 2]);
});
