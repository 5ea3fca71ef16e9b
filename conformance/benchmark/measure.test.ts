import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { type Command, measure } from './measure.ts';

const node = (program: string): Command => ({
  command: process.execPath,
  args: ['-e', program],
  cwd: '/',
  env: { GIVEN: 'yes' },
});

test('what a command cost: time, and the peak of its memory', () => {
  const small = measure(node(''));
  const large = measure(node('Buffer.alloc(200e6, 1); while (process.cpuUsage().user < 300_000);'));
  assert.ok(small.seconds > 0 && large.seconds >= 0.3, `${small.seconds} ${large.seconds}`);
  if (!existsSync('/usr/bin/time')) return assert.ok(Number.isNaN(large.peakBytes));
  assert.ok(large.peakBytes > small.peakBytes + 150e6, `${small.peakBytes} ${large.peakBytes}`);
  assert.ok(large.processorSeconds >= 0.2, `${large.processorSeconds}`);
});

test('a command that fails is an error with what it said, never a fast result', () => {
  assert.throws(() => measure(node('console.error("no space"); process.exit(3)')), /ended with 3:[\s\S]*no space/);
  assert.throws(() => measure({ ...node(''), command: '/nowhere/to/be/found' }));
  assert.ok(measure(node('process.exit(process.env.GIVEN === "yes" ? 0 : 1)')).seconds > 0);
});
