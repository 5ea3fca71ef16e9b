import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distinct } from './distinct.fixture.ts';
import { FakeNumber } from './fake-number.ts';
import { Permutation } from './permutation.ts';

const number = new FakeNumber(new Permutation(Buffer.alloc(32, 5)));

test('every smallint becomes another one, or zero zero', () => {
  const all = Array.from({ length: 65_536 }, (_, i) => `${i - 32_768}`);
  const made = all.map((one) => number.of(one));
  distinct(made, all);
  assert.deepEqual(
    made.map(Number).sort((a, b) => a - b),
    all.map(Number),
  );
  assert.equal(number.of('0'), '0');
});

test('integers and bigints stay in range, with as many digits', () => {
  for (const bits of [32n, 64n]) {
    const [least, greatest] = [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
    const near = Array.from({ length: 1000 }, (_, i) => [
      greatest - BigInt(i),
      least + BigInt(i),
      greatest + 1n + BigInt(i),
    ]).flat();
    distinct(
      near.map((one) => number.of(`${one}`)),
      near.map(String),
    );
    fc.assert(
      fc.property(fc.bigInt(least, greatest), (value) => {
        const made = number.of(`${value}`);
        assert.equal(`${BigInt(made)}`, made);
        assert.equal(made.length, `${value}`.length);
        assert.ok(BigInt(made) >= least && BigInt(made) <= greatest, made);
        assert.equal(BigInt(made) === 0n, value === 0n);
      }),
    );
  }
});

test('numerics keep sign, point and scale; the same number becomes the same whatever its scale', () => {
  const cents = Array.from({ length: 20_001 }, (_, i) => ((i - 10_000) / 100).toFixed(2));
  const made = cents.map((one) => number.of(one));
  distinct(
    made.map((one) => `${Number(one)}`),
    cents,
  );
  for (const [i, one] of made.entries())
    assert.equal(one.replaceAll(/\d/g, '9'), (cents[i] as string).replaceAll(/\d/g, '9'));
  assert.equal(`${number.of('1.5')}00`, number.of('1.500'));
  assert.equal(`${number.of('1234')}.00`, number.of('1234.00'));
  assert.equal(number.of('-0.05').slice(0, 3), '-0.');
  for (const kept of ['NaN', 'Infinity', '-Infinity', '0.00']) assert.equal(number.of(kept), kept);
});
