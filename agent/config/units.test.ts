import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration, parseSpan, respellDuration } from './duration.ts';
import { parseRate, respellRate } from './rate.ts';
import { parseSize, respellSize } from './size.ts';

test('durations keep months apart from milliseconds', () => {
  assert.deepEqual(parseDuration('15m'), { months: 0, milliseconds: 900_000 });
  assert.deepEqual(parseDuration('7y'), { months: 84, milliseconds: 0 });
  assert.deepEqual(parseDuration('1y6mo2d'), { months: 18, milliseconds: 2 * 86_400_000 });
  assert.deepEqual(parseDuration('1h30m'), { months: 0, milliseconds: 5_400_000 });
  assert.deepEqual(parseDuration('1m500ms'), { months: 0, milliseconds: 60_500 });
  assert.equal(parseSpan('4w'), 28 * 86_400_000);
  assert.equal(parseSpan('1mo'), undefined);
});

test('what is not a duration is not guessed at', () => {
  for (const text of [
    '',
    '15',
    'm',
    '15 m',
    '-1h',
    '1.5h',
    '1m1h',
    '1m1m',
    'P1D',
    '15M',
    '1h ',
    '9999999999s',
    '1٣s',
  ]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('sizes and rates have a unit, and mean what it says', () => {
  assert.equal(parseSize('32MiB'), 2 ** 25);
  assert.equal(parseSize('32MB'), 32_000_000);
  assert.equal(parseSize('1.5kB'), 1500);
  assert.equal(parseSize('0B'), 0);
  for (const text of ['32', '32M', '32mb', 'MiB', '-1B', '1e3B', '1..5kB'])
    assert.equal(parseSize(text), undefined, text);
  assert.equal(parseRate('100Mbps'), 12_500_000);
  assert.equal(parseRate('40MB/s'), 40_000_000);
  assert.equal(parseRate('1MiB/s'), 2 ** 20);
  for (const text of ['100', '100Mb', '100mbps', '100MB', '/s']) assert.equal(parseRate(text), undefined, text);
});

test('what people write instead is respelled so that it can be read', () => {
  assert.equal(respellDuration('2 hours'), '2h');
  assert.equal(respellDuration('5min'), '5m');
  assert.equal(respellDuration('7 Years'), '7y');
  assert.equal(respellDuration('3 fortnights'), undefined);
  assert.equal(respellSize('32 mb'), '32MB');
  assert.equal(respellSize('8G'), '8GiB');
  assert.equal(respellSize('64KB'), '64kB');
  assert.equal(respellSize('1e9'), undefined);
  assert.equal(respellRate('100 mbit/s'), '100Mbps');
  assert.equal(respellRate('40mb/s'), '40MB/s');
  assert.equal(respellRate('fast'), undefined);
});

test('a respelling is always readable', () => {
  const loose = fc.stringMatching(/^[0-9.]{1,5} ?[a-zA-Z/]{1,7}$/);
  fc.assert(
    fc.property(loose, (text) => {
      const [duration, size, rate] = [respellDuration(text), respellSize(text), respellRate(text)];
      if (duration !== undefined) assert.notEqual(parseDuration(duration), undefined, duration);
      if (size !== undefined) assert.notEqual(parseSize(size), undefined, size);
      if (rate !== undefined) assert.notEqual(parseRate(rate), undefined, rate);
    }),
    { numRuns: 2000 },
  );
});
