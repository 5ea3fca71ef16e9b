import assert from 'node:assert/strict';
import { expectFailure } from '../kit/expect.ts';
import { lendHost } from '../kit/host.ts';
import { collect, noise, sha256 } from '../kit/samples.ts';
import { type ConformanceCheck, notOffered } from '../kit/suite.ts';
import { assertHolds, keys, openPlace, put, type TargetHarness } from './target-harness.ts';

/** What a target owes its host: opening, giving up, what it may offer, and its end. */
export const lifeChecks: readonly ConformanceCheck<TargetHarness>[] = [
  {
    name: 'a place that is not there',
    holds: 'open fails with TARGET_MISSING where there is no place, and does not make one.',
    async run({ plugin, absent }) {
      await using own = await absent();
      await using host = await lendHost();
      for (const what of ['open', 'open, again']) {
        await expectFailure(what, () => plugin.open(own.options, host), {
          codes: ['TARGET_MISSING'],
          origin: 'target',
        });
      }
      return undefined;
    },
  },
  {
    name: 'making the place',
    holds: 'create, where offered, makes a place that open finds empty, and leaves one that is there as it is.',
    async run({ plugin, absent }) {
      if (plugin.create === undefined) return notOffered('create');
      await using own = await absent();
      await using host = await lendHost();
      await plugin.create(own.options, host);
      await using target = await plugin.open(own.options, host);
      assert.deepEqual(await keys(target), []);
      await put(target, 'a/b', noise(1, 10));
      await plugin.create(own.options, host);
      await using later = await plugin.open(own.options, host);
      await assertHolds(later, 'a/b', noise(1, 10));
      return undefined;
    },
  },
  {
    name: 'identity',
    holds: 'Options of one place have one identity, also before it is opened; two places have two.',
    async run({ plugin, place }) {
      await using first = await place();
      await using second = await place();
      assert.notEqual(plugin.identity(first.options), '', 'an empty identity');
      assert.equal(plugin.identity(first.options), plugin.identity(first.options));
      assert.notEqual(plugin.identity(first.options), plugin.identity(second.options), 'two places');
      return undefined;
    },
  },
  {
    name: 'gives up when told',
    holds:
      'When host.signal is aborted, calls fail instead of going on, and what was being put is there whole or not at all.',
    async run(harness) {
      await using place = await openPlace(harness);
      const body = noise(2, 2 ** 24);
      await put(place.target, 'a/before', body);
      const reading = place.target.get('a/before')[Symbol.asyncIterator]();
      await reading.next();
      const putting = put(place.target, 'a/during', body).then(
        () => true,
        () => false,
      );
      place.host.abort(new Error('cancelled by the suite'));
      const arrived = await putting;
      await expectFailure('reading on', async () => {
        while (!(await reading.next()).done);
      });
      await expectFailure('put afterwards', () => put(place.target, 'a/after', noise(3, 10)));
      await expectFailure('get afterwards', () => collect(place.target.get('a/before')));

      await using host = await lendHost();
      await using fresh = await harness.plugin.open(place.options, host);
      const there = await keys(fresh);
      assert.ok(!there.includes('a/after'), 'a put that failed left an object');
      if (arrived || there.includes('a/during')) await assertHolds(fresh, 'a/during', body);
      return undefined;
    },
  },
  {
    name: 'a clock',
    holds: 'now is the time of the place, within a day of ours, and does not go back.',
    async run(harness) {
      await using place = await openPlace(harness);
      const first = await place.target.now();
      const second = await place.target.now();
      assert.ok(Math.abs(first.getTime() - Date.now()) < 86_400_000, `now is ${first.toISOString()}`);
      assert.ok(second >= first, `${first.toISOString()}, then ${second.toISOString()}`);
      assert.deepEqual(await keys(place.target), [], 'asking for the time left an object');
      return undefined;
    },
  },
  {
    name: 'capacity',
    holds: 'capacity, where offered, is in whole bytes, and no more is used than there is.',
    async run(harness) {
      await using place = await openPlace(harness);
      if (place.target.capacity === undefined) return notOffered('capacity');
      const { used, total } = await place.target.capacity();
      assert.ok(Number.isSafeInteger(used) && used >= 0, `used is ${used}`);
      if (total === undefined) return undefined;
      assert.ok(Number.isSafeInteger(total) && total >= used, `${used} used of ${total}`);
      return undefined;
    },
  },
  {
    name: 'delete',
    holds: 'delete, where offered, removes one object and no other; of an absent key it is no error.',
    async run(harness) {
      await using place = await openPlace(harness);
      const { target } = place;
      if (target.delete === undefined) return notOffered('delete');
      await put(target, 'a/b', noise(4, 10));
      await put(target, 'a/b.c', noise(5, 10));
      await target.delete('a/b');
      await target.delete('a/b');
      await target.delete('never/was');
      await target.delete('a');
      const gone = () => collect(target.get('a/b'));
      await expectFailure('get of what was deleted', gone, { codes: ['OBJECT_MISSING'], origin: 'target' });
      assert.deepEqual(await keys(target), ['a/b.c']);
      assert.equal(await put(target, 'a/b', noise(6, 10)), 'created', 'put of what was deleted');
      await assertHolds(target, 'a/b', noise(6, 10));
      return undefined;
    },
  },
  {
    name: 'move',
    holds:
      'move, where offered, gives one object another key with all its bytes, and nothing else; it is never over what is there, and of an absent key it is OBJECT_MISSING.',
    async run(harness) {
      await using place = await openPlace(harness);
      const { target } = place;
      if (target.move === undefined) return notOffered('move');
      const move = (key: string, to: string) => target.move?.(key, to) ?? assert.fail();
      const all = { 'a/b': noise(4, 100_000), 'a/b.c': noise(5, 10), 'd/e': noise(6, 10) };
      for (const [key, body] of Object.entries(all)) await put(target, key, body);
      await move('a/b', 'away/2/a/b');
      await assertHolds(target, 'away/2/a/b', all['a/b']);
      assert.deepEqual(await keys(target), ['a/b.c', 'away/2/a/b', 'd/e']);
      for (const key of ['a/b', 'never/was', 'a']) {
        const absent = { codes: ['OBJECT_MISSING'], origin: 'target' } as const;
        await expectFailure(`move of ${key}`, () => move(key, 'away/3'), absent);
      }
      const taken = { codes: ['TARGET_CONFLICT'], origin: 'target' } as const;
      for (const to of ['d/e', 'a/b.c', 'away/2/a/b'])
        await expectFailure(`move of a/b.c to ${to}`, () => move('a/b.c', to), taken);
      assert.deepEqual(await keys(target), ['a/b.c', 'away/2/a/b', 'd/e']);
      for (const [key, body] of Object.entries(all)) if (key !== 'a/b') await assertHolds(target, key, body);
      assert.equal(await put(target, 'a/b', noise(7, 10)), 'created', 'put of what was moved away');
      await assertHolds(target, 'away/2/a/b', all['a/b']);
      return undefined;
    },
  },
  {
    name: 'a lock that cannot be kept',
    holds: 'put with lockUntil, of a target that does not offer lock, fails with LOCK_UNSUPPORTED and stores nothing.',
    async run(harness) {
      await using place = await openPlace(harness);
      const { target } = place;
      if (target.lock !== undefined) return { offered: 'lock' };
      const body = noise(7, 10);
      const options = { sha256: sha256(body), lockUntil: new Date(Date.now() + 1000) };
      const refusal = { codes: ['LOCK_UNSUPPORTED'], origin: 'target' } as const;
      await expectFailure('put with lockUntil', () => target.put('a/b', body, options), refusal);
      assert.deepEqual(await keys(target), []);
      return undefined;
    },
  },
  {
    name: 'disposing',
    holds: 'Disposing is safe without any use, and twice.',
    async run({ plugin, place }) {
      await using own = await place();
      await using host = await lendHost();
      const unused = await plugin.open(own.options, host);
      await unused[Symbol.asyncDispose]();
      await unused[Symbol.asyncDispose]();
      const used = await plugin.open(own.options, host);
      await put(used, 'a/b', noise(8, 10));
      await used[Symbol.asyncDispose]();
      await used[Symbol.asyncDispose]();
      return undefined;
    },
  },
];
