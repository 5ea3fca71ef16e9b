import assert from 'node:assert/strict';
import type { Target } from 'holdfast/plugin';
import { expectFailure } from '../kit/expect.ts';
import { collect, noise, sha256 } from '../kit/samples.ts';
import type { ConformanceCheck } from '../kit/suite.ts';
import { assertHolds, keys, listed, openPlace, put, type TargetHarness } from './target-harness.ts';

/** What a target owes the bytes it is given. */
export const bodyChecks: readonly ConformanceCheck<TargetHarness>[] = [
  {
    name: 'stores and returns',
    holds: 'What was put is what get returns, also to an instance opened later: it is durable when put resolves.',
    async run(harness) {
      await using place = await openPlace(harness);
      const body = noise(1, 3_000_000);
      assert.equal(await put(place.target, 'packs/aa/one', body), 'created');
      await assertHolds(place.target, 'packs/aa/one', body);
      await using later = await harness.plugin.open(place.options, place.host);
      await assertHolds(later, 'packs/aa/one', body);
      return undefined;
    },
  },
  {
    name: 'the same bytes again',
    holds: 'Putting the same bytes under the same key again is `same`, from this instance and from another.',
    async run(harness) {
      await using place = await openPlace(harness);
      await using other = await harness.plugin.open(place.options, place.host);
      const body = noise(2, 100_000);
      assert.equal(await put(place.target, 'a/b', body), 'created');
      assert.equal(await put(place.target, 'a/b', body), 'same');
      assert.equal(await put(other, 'a/b', body), 'same', 'from another instance');
      assert.deepEqual(await listed(place.target), [{ key: 'a/b', size: body.length }]);
      return undefined;
    },
  },
  {
    name: 'other bytes under a key that is taken',
    holds: 'Putting other bytes under a key that is taken fails with TARGET_CONFLICT, and what was there stays.',
    async run(harness) {
      await using place = await openPlace(harness);
      const body = noise(3, 100_000);
      await put(place.target, 'a/b', body);
      const changed = Uint8Array.from(body);
      changed[99_999] = (changed[99_999] ?? 0) ^ 1;
      const others = { 'one bit': changed, shorter: body.subarray(0, 99_999), empty: body.subarray(0, 0) };
      for (const [what, bytes] of Object.entries({ ...others, longer: Buffer.concat([body, changed]) })) {
        await expectFailure(what, () => put(place.target, 'a/b', bytes), codes('TARGET_CONFLICT'));
        await assertHolds(place.target, 'a/b', body);
      }
      assert.deepEqual(await listed(place.target), [{ key: 'a/b', size: body.length }]);
      return undefined;
    },
  },
  {
    name: 'a digest that does not match',
    holds: 'A body that does not match its sha256 is refused with DIGEST_MISMATCH and leaves nothing.',
    async run(harness) {
      await using place = await openPlace(harness);
      const body = noise(4, 100_000);
      const wrong = { sha256: sha256(noise(5, 10)) };
      const refused = () => place.target.put('a/b', body, wrong);
      await expectFailure('an absent key', refused, codes('DIGEST_MISMATCH'));
      assert.deepEqual(await keys(place.target), []);
      assert.equal(await put(place.target, 'a/b', body), 'created', 'the right digest after the wrong one');
      return undefined;
    },
  },
  {
    name: 'an empty body',
    holds: 'A body of no bytes is an object like any other.',
    async run(harness) {
      await using place = await openPlace(harness);
      const empty = new Uint8Array(0);
      assert.equal(await put(place.target, 'a/empty', empty), 'created');
      assert.equal(await put(place.target, 'a/empty', empty), 'same');
      await assertHolds(place.target, 'a/empty', empty);
      assert.deepEqual(await listed(place.target), [{ key: 'a/empty', size: 0 }]);
      return undefined;
    },
  },
  {
    name: 'a body of 64 MiB',
    holds: 'A body may be as long as 64 MiB.',
    async run(harness) {
      await using place = await openPlace(harness);
      const body = noise(6, 64 * 2 ** 20);
      assert.equal(await put(place.target, 'packs/large', body), 'created');
      assert.equal(await digestOf(place.target, 'packs/large'), sha256(body));
      return undefined;
    },
  },
  {
    name: 'the body stays the caller’s',
    holds: 'put changes no byte of the body, which may be a view, and keeps no hold of it: buffers are used again.',
    async run(harness) {
      await using place = await openPlace(harness);
      const buffer = noise(7, 200_000);
      const before = Uint8Array.from(buffer);
      await put(place.target, 'a/view', buffer.subarray(1000, 150_000));
      assert.ok(Buffer.compare(buffer, before) === 0, 'put changed the buffer');
      buffer.fill(0);
      await assertHolds(place.target, 'a/view', before.subarray(1000, 150_000));
      return undefined;
    },
  },
  {
    name: 'ranges',
    holds: 'get yields the range asked for; past the end what there is, and a range of no length nothing.',
    async run(harness) {
      await using place = await openPlace(harness);
      const body = noise(8, 2_500_000);
      await put(place.target, 'a/b', body);
      const size = body.length;
      const ends: readonly (readonly [number, number | undefined])[] = [
        [0, undefined],
        [0, 1],
        [1_048_575, 2],
        [100, 2_000_000],
        [size - 1, 1],
        [2_000_000, undefined],
        [0, 0],
        [77, 0],
        [size - 10, 100],
        [0, size + 1],
        [size, 1],
        [size, undefined],
        [size + 1, undefined],
        [size * 3, 5],
      ];
      for (const [offset, length] of ends) {
        const range = length === undefined ? { offset } : { offset, length };
        const found = await collect(place.target.get('a/b', range));
        const expected = body.subarray(offset, length === undefined ? size : offset + length);
        const what = `offset ${offset}, length ${length ?? 'absent'}`;
        assert.equal(found.length, expected.length, `${what}: bytes returned`);
        assert.ok(Buffer.compare(found, expected) === 0, `${what}: other bytes`);
      }
      return undefined;
    },
  },
  {
    name: 'a key that is absent',
    holds: 'get of a key that is not there fails with OBJECT_MISSING, whatever the range and whatever lies beside it.',
    async run(harness) {
      await using place = await openPlace(harness);
      await put(place.target, 'packs/aa/one', noise(9, 10));
      for (const key of ['other', 'packs', 'packs/aa', 'packs/aa/on', 'packs/aa/one.', 'packs/ab/one', 'one']) {
        for (const range of [undefined, { offset: 0, length: 0 }, { offset: 5 }]) {
          await expectFailure(key, () => collect(place.target.get(key, range)), codes('OBJECT_MISSING'));
        }
      }
      return undefined;
    },
  },
  {
    name: 'a reader that stops early',
    holds: 'A reader may stop before the end of an object, and the target serves on.',
    async run(harness) {
      await using place = await openPlace(harness);
      const body = noise(10, 8 * 2 ** 20);
      await put(place.target, 'a/b', body);
      for (let n = 0; n < 20; n++) {
        for await (const piece of place.target.get('a/b')) {
          assert.ok(piece.length >= 1, 'a piece of no bytes');
          break;
        }
      }
      await assertHolds(place.target, 'a/b', body);
      return undefined;
    },
  },
  {
    name: 'eight puts of one key at once',
    holds: 'Of several puts of the same key at once, one is `created`; the others are `same`, or TARGET_CONFLICT.',
    async run(harness) {
      await using place = await openPlace(harness);
      await using other = await harness.plugin.open(place.options, place.host);
      const turns = [0, 1, 2, 3, 4, 5, 6, 7];
      const targetOf = (n: number) => (n % 2 === 0 ? place.target : other);
      const body = noise(11, 1_000_000);
      const alike = await Promise.all(turns.map((n) => put(targetOf(n), 'a/alike', body)));
      assert.deepEqual([...alike].sort(), ['created', ...Array(7).fill('same')]);
      await assertHolds(place.target, 'a/alike', body);

      const bodies = turns.map((n) => noise(20 + n, 1_000_000));
      const unlike = await Promise.allSettled(bodies.map((bytes, n) => put(targetOf(n), 'a/unlike', bytes)));
      const created = turns.filter((n) => unlike[n]?.status === 'fulfilled');
      assert.equal(created.length, 1, `${created.length} of eight different bodies were taken`);
      for (const outcome of unlike) {
        if (outcome.status === 'fulfilled') continue;
        await expectFailure('a later body', () => Promise.reject(outcome.reason), codes('TARGET_CONFLICT'));
      }
      await assertHolds(place.target, 'a/unlike', bodies[created[0] ?? 0] ?? body);
      assert.deepEqual(await keys(place.target), ['a/alike', 'a/unlike']);
      return undefined;
    },
  },
];

function codes(...names: string[]) {
  return { codes: names, origin: 'target' } as const;
}

async function digestOf(target: Target, key: string): Promise<string> {
  return sha256(await collect(target.get(key)));
}
