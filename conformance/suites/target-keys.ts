import assert from 'node:assert/strict';
import { expectFailure } from '../kit/expect.ts';
import { collect, noise } from '../kit/samples.ts';
import type { ConformanceCheck } from '../kit/suite.ts';
import { assertHolds, keys, listed, openPlace, put, type TargetHarness } from './target-harness.ts';

/** What a target owes the names of its objects. */
export const keyChecks: readonly ConformanceCheck<TargetHarness>[] = [
  {
    name: 'list: all keys, in order',
    holds: 'list yields every key once, with its size, ascending by bytes of the whole key.',
    async run(harness) {
      await using place = await openPlace(harness);
      assert.deepEqual(await keys(place.target), [], 'an empty target');
      // A folder's name sorts as if it ended in '/', which lies between '.' and '0'.
      const expected = [...manyKeys(), 'a-b/x', 'a.b', 'a.b.c/x', 'a/x', 'a/x-', 'a0', 'a_b/x', 'ab'].sort(byBytes);
      const body = noise(1, expected.length + 1);
      await Promise.all(
        expected.map(async (key, n) =>
          assert.equal(await put(place.target, key, body.subarray(0, n + 1)), 'created', key),
        ),
      );
      const all = expected.map((key, n) => ({ key, size: n + 1 }));
      assert.deepEqual(await listed(place.target), all);
      return undefined;
    },
  },
  {
    name: 'list: a prefix',
    holds: 'list of a folder, ending in /, yields what is in it and below, and of an absent one nothing.',
    async run(harness) {
      await using place = await openPlace(harness);
      const all = ['pack', 'packs-old/a', 'packs/a', 'packs/b/c', 'packs/b/d', 'packs0/a'];
      for (const key of all) await put(place.target, key, noise(1, 3));
      for (const prefix of ['', 'packs/', 'packs/b/', 'packs0/', 'pack/', 'packs/a/', 'absent/', 'absent/deep/er/']) {
        const expected = all.filter((key) => key.startsWith(prefix));
        assert.deepEqual((await keys(place.target, prefix)).sort(byBytes), expected, `prefix '${prefix}'`);
      }
      return undefined;
    },
  },
  {
    name: 'list: after a key',
    holds: 'list with `after` yields the keys greater than it, whether that key is there or not.',
    async run(harness) {
      await using place = await openPlace(harness);
      const all = ['a-b/x', 'a/b', 'a/b.c', 'a/c/d', 'a/c/e', 'a/d', 'b/a'];
      for (const key of all) await put(place.target, key, noise(1, 3));
      const afters = [...all, 'a', 'a/c', 'a/c/a', 'a/c/dd', 'a/c/z', 'a/bb', '0', 'zz', 'a/c.x/y'];
      for (const prefix of ['', 'a/', 'a/c/']) {
        for (const after of afters) {
          const expected = all.filter((key) => key.startsWith(prefix) && byBytes(key, after) > 0);
          const found = (await keys(place.target, prefix, after)).sort(byBytes);
          assert.deepEqual(found, expected, `prefix '${prefix}', after '${after}'`);
        }
      }
      return undefined;
    },
  },
  {
    name: 'keys with every allowed character',
    holds: 'Keys are components of [a-z0-9._-] separated by /, at most 255 bytes in all.',
    async run(harness) {
      await using place = await openPlace(harness);
      const good = [
        'abcdefghijklmnopqrstuvwxyz0123456789._-',
        '0',
        '-',
        '_',
        '...',
        '.a',
        'a.',
        '..a',
        'a..b/-/_/0',
        'x'.repeat(255),
        `${'y/'.repeat(127)}y`,
        'tmp/a',
        '.tmp/a',
      ];
      for (const [n, key] of good.entries()) {
        const body = noise(n, 100 + n);
        assert.equal(await put(place.target, key, body), 'created', key);
        await assertHolds(place.target, key, body);
      }
      assert.deepEqual(await keys(place.target), good.sort(byBytes));
      return undefined;
    },
  },
  {
    name: 'hostile keys',
    holds: 'What is not a key is refused with KEY_INVALID by every call that takes one, and leaves nothing.',
    async run(harness) {
      await using place = await openPlace(harness);
      const { target } = place;
      const refusal = { codes: ['KEY_INVALID'], origin: 'target' } as const;
      for (const key of hostileKeys) {
        const what = JSON.stringify(key);
        await expectFailure(`put ${what}`, () => put(target, key, noise(1, 3)), refusal);
        await expectFailure(`get ${what}`, () => collect(target.get(key)), refusal);
        if (target.move !== undefined) {
          await expectFailure(`move ${what}`, () => target.move?.(key, 'a/b'), refusal);
          await expectFailure(`move to ${what}`, () => target.move?.('a/b', key), refusal);
        }
        if (target.delete !== undefined) await expectFailure(`delete ${what}`, () => target.delete?.(key), refusal);
      }
      for (const prefix of ['../', '/', 'a', 'a/../', 'A/', 'a//', './']) {
        await expectFailure(`list ${JSON.stringify(prefix)}`, () => listed(target, prefix), refusal);
      }
      assert.deepEqual(await keys(target), []);
      return undefined;
    },
  },
];

const hostileKeys = [
  '',
  '.',
  '..',
  '/',
  '/etc/passwd',
  '../outside',
  'a/../../outside',
  'a/..',
  'a/./b',
  'a//b',
  'a/',
  'a\0b',
  'A',
  'packs/Aa',
  'a b',
  'a\\b',
  'a\nb',
  'a~b',
  'ä',
  'x'.repeat(256),
  `${'y/'.repeat(128)}y`,
];

function manyKeys(): string[] {
  return Array.from({ length: 300 }, (_, n) => `packs/${(n * 37) % 16}/${((n * 7919) % 65_536).toString(16)}`);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
