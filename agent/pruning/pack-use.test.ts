import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { framesOf, type NamedFrame, packOf, saltOf } from '../repository/known-pack.fixture.ts';
import { birthName } from '../repository/missing-frames.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import type { Frames } from './live.ts';
import { type PackPlan, planPacks, usesOf } from './pack-use.ts';

const MiB = 1024 * 1024;
const frame = (birth: number, ordinal: number, sealed = 100): NamedFrame => ({ birth, ordinal, sealed });
const NONE: ReadonlySet<KnownPack> = new Set();

function needing(...frames: readonly NamedFrame[]): Frames {
  const live: Frames = new Map();
  for (const { birth, ordinal } of frames) {
    const name = birthName(saltOf(birth));
    live.set(name, (live.get(name) ?? new Set()).add(ordinal));
  }
  return live;
}

const number = ({ pack }: { readonly pack: KnownPack }) => Number.parseInt(pack.name, 16);

/** The numbers of the packs of each part of a plan. */
function numbers({ unused, repack, keep, unclaimed }: PackPlan) {
  const of = (uses: PackPlan['keep']) => uses.map(number).sort((x, y) => x - y);
  return { unused: of(unused), repack: of(repack), keep: of(keep), unclaimed: of(unclaimed) };
}

const all = { unused: [], repack: [], keep: [], unclaimed: [] };
const everything = { maxUnused: 0.1, isGarbage: () => true };

test('a frame that lies in several packs counts in the first of them, and one of another birth is another', () => {
  const packs = [
    packOf(1, [frame(1, 0, 10)]),
    packOf(2, [frame(1, 0, 10), frame(2, 0, 7)]),
    packOf(3, [frame(1, 1, 5)]),
  ];
  const uses = usesOf(packs, needing(frame(1, 0), frame(2, 0)), NONE);
  assert.deepEqual(
    uses.map(({ live, liveBytes, deadBytes }) => [live, liveBytes, deadBytes]),
    [
      [[0], 10, 0],
      [[1], 7, 10],
      [[], 0, 5],
    ],
  );
});

test('of a pack that stands for frames that are nowhere everything counts, also what counted before', () => {
  const packs = [packOf(1, [frame(1, 0, 10)]), packOf(2, [frame(1, 0, 10), frame(1, 1, 7)])];
  const uses = usesOf(packs, needing(frame(1, 0)), new Set(packs.slice(1)));
  assert.deepEqual(
    uses.map(({ live, deadBytes }) => [live, deadBytes]),
    [
      [[0], 0],
      [[0, 1], 0],
    ],
  );
});

/** Packs of 8 MiB: half a frame each that is needed, so much of it that is not. */
const WASTE: readonly [what: string, dead: readonly number[], maxUnused: number, repack: number[]][] = [
  ['nothing is unused', [0, 0, 0], 0, []],
  ['nothing may be unused', [1, 0, 50], 0, [1, 3]],
  ['everything may be', [100, 900, 5000], 1, []],
  ['exactly as much as may be', [100, 0, 0], 0.25, []],
  ['a byte more than may be', [101, 0, 0], 0.25, [1]],
  ['the worst one is enough', [10, 50, 20], 0.1, [2]],
  ['the worst two are not', [30, 50, 40], 0.05, [1, 2, 3]],
  ['of two that are alike the first by name', [60, 60, 0], 0.2, [1]],
];
for (const [what, dead, maxUnused, repack] of WASTE)
  test(`what is moved for its waste: ${what}`, () => {
    const packs = dead.map((bytes, i) => {
      return packOf(i + 1, [frame(i, 0), ...(bytes === 0 ? [] : [frame(i, 1, bytes)])], 8 * MiB);
    });
    const uses = usesOf(packs, needing(...dead.map((_, i) => frame(i, 0))), NONE);
    for (const order of [uses, uses.toReversed()]) {
      const keep = [1, 2, 3].filter((n) => !repack.includes(n));
      assert.deepEqual(numbers(planPacks(order, { maxUnused, isGarbage: () => true })), { ...all, repack, keep });
    }
  });

for (const [count, size, moved] of [
  [7, 4 * MiB - 1, false],
  [8, 4 * MiB - 1, true],
  [8, 4 * MiB, false],
] as const)
  test(`${count} packs of ${size} bytes are ${moved ? '' : 'not '}put together`, () => {
    const packs = Array.from({ length: count }, (_, i) => packOf(i + 1, [frame(i, 0)], size));
    const uses = usesOf(packs, needing(...packs.map((_, i) => frame(i, 0))), NONE);
    const ours = packs.map((_, i) => i + 1);
    assert.deepEqual(numbers(planPacks(uses, everything)), { ...all, [moved ? 'repack' : 'keep']: ours });
  });

test('what nothing needs goes when something once did, and stays when nobody knows', () => {
  const uses = usesOf([packOf(1, [frame(1, 0)]), packOf(2, [frame(2, 0)]), packOf(3, [])], needing(), NONE);
  const isGarbage = ({ name }: KnownPack) => name.endsWith('1');
  assert.deepEqual(numbers(planPacks(uses, { maxUnused: 0, isGarbage })), { ...all, unused: [1], unclaimed: [2, 3] });
  assert.deepEqual(numbers(planPacks([], everything)), all);
});

const named = fc.record({
  birth: fc.integer({ min: 1, max: 4 }),
  ordinal: fc.nat(3),
  sealed: fc.integer({ min: 1, max: 500 }),
});
const frames = fc.uniqueArray(named, { maxLength: 6, selector: ({ birth, ordinal }) => `${birth} ${ordinal}` });
const store = fc.record({
  packs: fc
    .array(fc.tuple(frames, fc.integer({ min: 1, max: 8 * MiB })), { maxLength: 12 })
    .map((drawn) => drawn.map(([of, size], i) => packOf(i + 1, of, size))),
  needed: fc.array(named, { maxLength: 12 }),
  maxUnused: fc.double({ min: 0, max: 1, noNaN: true }),
  garbage: fc.func(fc.boolean()),
});
const sum = (uses: PackPlan['keep'], of: 'liveBytes' | 'deadBytes') => uses.reduce((total, use) => total + use[of], 0);

test('every byte of a pack is counted once, and of every needed frame that is there exactly one', () => {
  fc.assert(
    fc.property(store, ({ packs, needed }) => {
      const uses = usesOf(packs, needing(...needed), NONE);
      for (const [i, { pack, liveBytes, deadBytes }] of uses.entries()) {
        assert.equal(pack, packs[i]);
        assert.equal(
          liveBytes + deadBytes,
          pack.table.frames.reduce((total, { sealedLength }) => total + sealedLength, 0),
        );
      }
      const counted = uses.flatMap(({ pack, live }) => live.map((row) => framesOf(pack)[row]));
      const there = new Set(packs.flatMap(framesOf));
      const wanted = new Set(needed.map(({ birth, ordinal }) => `${birth} ${ordinal}`));
      assert.deepEqual(counted.sort(), [...wanted].filter((name) => there.has(name)).sort());
    }),
  );
});

test('a plan takes each pack once, removes nothing that is needed, keeps to its limit, and does not mind the order', () => {
  fc.assert(
    fc.property(store, fc.func(fc.nat()), ({ packs, needed, maxUnused, garbage }, rank) => {
      const uses = usesOf(packs, needing(...needed), NONE);
      const choice = { maxUnused, isGarbage: ({ name }: KnownPack) => garbage(name) };
      const plan = planPacks(uses, choice);
      const parts = [plan.unused, plan.unclaimed, plan.repack, plan.keep];
      assert.deepEqual(
        parts
          .flat()
          .map(number)
          .sort((x, y) => x - y),
        uses.map(number),
      );
      for (const use of [...plan.unused, ...plan.unclaimed]) assert.deepEqual(use.live, []);
      for (const use of [...plan.repack, ...plan.keep]) assert.notDeepEqual(use.live, []);
      for (const [part, isGarbage] of [
        [plan.unused, true],
        [plan.unclaimed, false],
      ] as const)
        assert.ok(part.every(({ pack }) => garbage(pack.name) === isGarbage));
      // All that was needed before is in what is kept or moved, and in bytes it is as much.
      assert.equal(sum([...plan.repack, ...plan.keep], 'liveBytes'), sum(uses, 'liveBytes'));
      const stays = sum(plan.keep, 'deadBytes');
      assert.ok(stays <= maxUnused * (sum(uses, 'liveBytes') + stays), `${stays} bytes stay that nothing needs`);
      const shuffled = uses.toSorted((x, y) => rank(x.pack.name) - rank(y.pack.name));
      assert.deepEqual(numbers(planPacks(shuffled, choice)), numbers(plan));
    }),
  );
});
