import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressLine } from './progress.ts';
import { displayWidth } from './width.ts';

function screen(columns: number) {
  const written: string[] = [];
  return { columns, written, write: (text: string) => written.push(text) };
}

const MIB = 1024 * 1024;

test('shows rate and time left, and draws at most ten times a second', () => {
  let now = 0;
  const out = screen(100);
  const line = new ProgressLine(out, () => now);
  for (now = 0; now <= 1000; now += 10) line.show({ label: 'files', done: now * MIB, total: 10_000 * MIB });
  assert.equal(out.written.length, 11);
  assert.equal(out.written.at(-1), '\rfiles  10 %  1,000 MiB of 9.8 GiB  1,000 MiB/s  9.0 s left\x1b[K');
});

test('never wraps, however narrow the terminal and long the label', () => {
  for (const columns of [1, 19, 20, 21, 30, 47, 80]) {
    let now = 0;
    const out = screen(columns);
    const line = new ProgressLine(out, () => now);
    for (now = 0; now < 1000; now += 100) {
      line.show({ label: '日本語の長い名前のファイル', done: now * MIB, total: MIB * MIB, notes: ['1 file', '2 new'] });
    }
    for (const text of out.written) assert.ok(displayWidth(text) < columns, text);
  }
});

test('without a total it says what was done; a finished or restarted count has no time left', () => {
  let now = 0;
  const out = screen(80);
  const line = new ProgressLine(out, () => now);
  line.show({ label: 'stdin', done: 5 * MIB, notes: ['1 file'] });
  assert.equal(out.written.at(-1), '\rstdin  5.0 MiB  1 file\x1b[K');
  now = 1000;
  line.show({ label: 'verify', done: 0, total: 0 });
  assert.equal(out.written.at(-1), '\rverify  0 B of 0 B\x1b[K');
});

test('clears only what it drew', () => {
  const out = screen(80);
  const line = new ProgressLine(out, () => 0);
  line.clear();
  assert.deepEqual(out.written, []);
  line.show({ label: 'x', done: 0 });
  line.clear();
  line.clear();
  assert.deepEqual(out.written.slice(1), ['\r\x1b[K']);
});
