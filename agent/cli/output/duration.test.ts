import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatDuration, formatTime } from './duration.ts';

test('durations carry into the next unit instead of showing 60 of one', () => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [Number.NaN, '0 ms'],
    [0.4, '<1 ms'],
    [12.3, '12 ms'],
    [999.6, '1.0 s'],
    [1400, '1.4 s'],
    [9960, '10 s'],
    [59_700, '1m 00s'],
    [131_000, '2m 11s'],
    [3_599_600, '1h 00m'],
    [11_040_000, '3h 04m'],
    [86_399_900, '1d 0h'],
    [5 * 86_400_000 + 2 * 3_600_000, '5d 2h'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text, String(ms));
});

test('ages', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  const ago = (ms: number) => formatAge(new Date(now.getTime() - ms), now);
  assert.equal(ago(59_000), 'just now');
  assert.equal(ago(60_000), '1 minute ago');
  assert.equal(ago(7_200_000), '2 hours ago');
  assert.equal(ago(3 * 86_400_000), '3 days ago');
  assert.equal(ago(-7_200_000), 'in 2 hours');
});

test('a time is local, and can be read back', () => {
  const time = new Date(2026, 0, 2, 3, 4, 5);
  assert.equal(formatTime(time), '2026-01-02 03:04:05');
  assert.equal(new Date(formatTime(time)).getTime(), time.getTime());
});
