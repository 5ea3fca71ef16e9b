import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCount, formatCounted, formatRate, formatSize } from './size.ts';

test('sizes keep two digits and never show 1,024 of a unit', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1,023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [10 * 1024, '10 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [38 * 1024 ** 2, '38 MiB'],
    [3.1 * 1024 ** 3, '3.1 GiB'],
    [9.96 * 1024 ** 3, '10 GiB'],
    [5000 * 1024 ** 5, '5,000 PiB'],
    [-1, '0 B'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatSize(bytes), text);
});

test('rates, counts', () => {
  assert.equal(formatRate(1024 * 1024, 500), '2.0 MiB/s');
  assert.equal(formatRate(1024, 0), '');
  assert.equal(formatCount(1234567), '1,234,567');
  assert.equal(formatCounted(1, 'file'), '1 file');
  assert.equal(formatCounted(2114, 'file'), '2,114 files');
  assert.equal(formatCounted(0, 'entry', 'entries'), '0 entries');
});
