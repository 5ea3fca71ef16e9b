import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Listed } from '../contract/index.ts';
import { framesOf, type NamedFrame, packOf } from './known-pack.fixture.ts';
import { packKey } from './layout.ts';
import type { KnownPack } from './pack-list.ts';
import { holdersOf, scatteredPacks } from './scattered-packs.ts';

const domain = '22'.repeat(16);
const frame = (birth: number, ordinal: number): NamedFrame => ({ birth, ordinal });
const [a, b, c] = [frame(1, 0), frame(1, 1), frame(2, 0)];

/** The listing of each target that has these packs. */
function listed(...targets: readonly (readonly KnownPack[])[]): Map<string, Listed>[] {
  return targets.map((packs) => new Map(packs.map(({ name, size }) => [packKey(domain, name), listing(name, size)])));
}

function listing(name: string, size: number): Listed {
  return { key: packKey(domain, name), size };
}

/** Of each pack that is given, by number, its frames. */
function given(on: readonly ReadonlyMap<string, Listed>[], packs: readonly KnownPack[]): [pack: number, string[]][] {
  return scatteredPacks(on, domain, packs).map((pack) => [Number.parseInt(pack.name, 16), framesOf(pack)]);
}

const one = packOf(1, [a, b]);
const two = packOf(2, [a, b]);
const half = packOf(3, [a, c]);

const CASES: readonly [what: string, on: readonly (readonly KnownPack[])[], expected: [pack: number, string[]][]][] = [
  ['one target alone has nothing that another lacks', [[one]], []],
  ['a pack that only one of two has', [[one], []], []],
  [
    'two packs of the same frames, one on each',
    [[one], [two]],
    [
      [1, ['1 0', '1 1']],
      [2, ['1 0', '1 1']],
    ],
  ],
  [
    'the frame that both have of packs that share one',
    [[one], [half]],
    [
      [1, ['1 0']],
      [3, ['1 0']],
    ],
  ],
  ['a frame that comes twice on one target is not on the other', [[one, two], []], []],
  ['two of three targets', [[one], [two], []], []],
  [
    'three of three',
    [[one], [two], [half]],
    [
      [1, ['1 0']],
      [2, ['1 0']],
      [3, ['1 0']],
    ],
  ],
  [
    'a pack that two have, and another on the third',
    [[one], [one], [two]],
    [
      [1, ['1 0', '1 1']],
      [2, ['1 0', '1 1']],
    ],
  ],
  ['packs that no target has', [[], []], []],
];
for (const [what, on, expected] of CASES)
  test(`what counts as everywhere: ${what}`, () => assert.deepEqual(given(listed(...on), [one, two, half]), expected));

test('the same ordinal of another birth is another frame, in whatever place of the table the birth stands', () => {
  const other = packOf(4, [frame(3, 0), frame(3, 1)]);
  assert.deepEqual(given(listed([one], [other]), [one, other]), []);
  const turned = packOf(5, [c, b, a]);
  assert.deepEqual(given(listed([one], [turned]), [one, turned]), [
    [1, ['1 0', '1 1']],
    [5, ['1 1', '1 0']],
  ]);
});

test('a pack that is cut short on a target, or of another domain, is not there', () => {
  const short = new Map([[packKey(domain, two.name), listing(two.name, two.size - 1)]]);
  const [whole = assert.fail()] = listed([one]);
  assert.deepEqual(given([whole, short], [one, two]), []);
  const elsewhere = new Map([[packKey('33'.repeat(16), two.name), listing(two.name, two.size)]]);
  assert.deepEqual(given([whole, elsewhere], [one, two]), []);
  assert.deepEqual(holdersOf([whole, short, whole], domain, one), [0, 2]);
  assert.deepEqual(holdersOf([whole, short], domain, two), []);
});

/** Packs with frames of few births, and which of few targets have each. */
const scattered = fc
  .integer({ min: 1, max: 4 })
  .chain((targets) =>
    fc.tuple(
      fc.constant(targets),
      fc.array(
        fc.record({
          frames: fc.uniqueArray(fc.record({ birth: fc.integer({ min: 1, max: 3 }), ordinal: fc.nat(2) }), {
            maxLength: 5,
            selector: ({ birth, ordinal }) => `${birth} ${ordinal}`,
          }),
          on: fc.uniqueArray(fc.nat(targets - 1), { maxLength: targets }),
        }),
        { maxLength: 6 },
      ),
    ),
  )
  .map(([targets, drawn]) => {
    const packs = drawn.map(({ frames }, i) => packOf(i + 1, frames));
    const has = (target: number) => packs.filter((_, i) => drawn[i]?.on.includes(target));
    return { packs, drawn, on: listed(...Array.from({ length: targets }, (_, i) => has(i))) };
  });

test('a frame is given exactly where it lies on every target, in whatever order the packs come', () => {
  fc.assert(
    fc.property(scattered, fc.func(fc.nat()), ({ packs, drawn, on }, rank) => {
      const everywhere = (name: string) =>
        on.length > 1 &&
        on.every((_, target) =>
          packs.some((pack, i) => drawn[i]?.on.includes(target) && framesOf(pack).includes(name)),
        );
      const expected = packs
        .map((pack, i): [number, string[]] => [i + 1, drawn[i]?.on.length ? framesOf(pack).filter(everywhere) : []])
        .filter(([, frames]) => frames.length > 0);
      assert.deepEqual(given(on, packs), expected);
      const shuffled = packs.toSorted((x, y) => rank(x.name) - rank(y.name));
      assert.deepEqual(given(on, shuffled).sort(), expected.sort());
    }),
  );
});

test('what is given is the pack itself, with rows of its own table, and nothing that was handed in changes', () => {
  fc.assert(
    fc.property(scattered, ({ packs, on }) => {
      const before = structuredClone(packs);
      for (const { name, size, table } of scatteredPacks(on, domain, packs)) {
        const pack = packs.find((other) => other.name === name) ?? assert.fail('no such pack');
        assert.equal(size, pack.size);
        assert.deepEqual(
          [table.births, table.ids, table.lengths],
          [pack.table.births, pack.table.ids, pack.table.lengths],
        );
        for (const row of table.frames) assert.ok(pack.table.frames.includes(row));
      }
      assert.deepEqual(packs, before);
    }),
  );
});
