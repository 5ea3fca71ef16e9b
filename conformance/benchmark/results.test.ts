import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FilesRound, measuredOfFiles as measured } from './measured.ts';
import { median, renderResults } from './results.ts';

const round = (value: number, changes: Partial<FilesRound> = {}): FilesRound => ({
  ...(Object.fromEntries(Object.keys(measured).map((what) => [what, value])) as FilesRound),
  ...changes,
});

function rowOf(table: string, title: string): string[] {
  const line = table.split('\n').find((row) => row.includes(title)) ?? '';
  return line
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());
}

test('the median of odd, even and no numbers', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('the ratio is that of medians, to the best of the others', () => {
  const table = renderResults(
    measured,
    new Map([
      ['ours', [round(2), round(100), round(2)]],
      ['slow', [round(8)]],
      ['fast', [round(4)]],
    ]),
  );
  assert.deepEqual(rowOf(table, 'first backup'), ['2.00 s', '8.00 s', '4.00 s', '0.50 ×']);
  assert.deepEqual(
    rowOf(
      renderResults(
        measured,
        new Map([
          ['ours', [round(3e6)]],
          ['peer', [round(2e6)]],
        ]),
      ),
      'stored ',
    ),
    ['3.0 MB', '2.0 MB', '1.50 ×'],
  );
});

test('what could not be measured, or has no peer, is a dash and not a number', () => {
  const unknown = renderResults(
    measured,
    new Map([
      ['ours', [round(1, { backupPeak: Number.NaN })]],
      ['peer', [round(1)]],
    ]),
  );
  assert.deepEqual(rowOf(unknown, 'peak memory, first'), ['–', '0.0 MB', '–']);
  assert.deepEqual(rowOf(renderResults(measured, new Map([['ours', [round(1)]]])), 'restore all'), ['1.00 s', '–']);
});
