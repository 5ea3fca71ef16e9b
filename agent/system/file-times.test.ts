import assert from 'node:assert/strict';
import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearly, setLinkTimes, setTimes } from './file-times.ts';
import { Libc } from './libc.ts';

function wholeSeconds(ns: bigint): bigint {
  return ns / 1_000_000_000n - (ns < 0n && ns % 1_000_000_000n !== 0n ? 1n : 0n);
}

test('times that a double carries stay in the same second and within a microsecond', () => {
  const times = fc.bigInt({ min: -4_000_000_000_000_000_000n, max: 8_000_000_000_000_000_000n });
  const edges = fc.bigInt({ min: -4_000_000_000n, max: 8_000_000_000n }).map((second) => second * 1_000_000_000n - 1n);
  fc.assert(
    fc.property(fc.oneof(times, edges), (ns) => {
      const value = Number(nearly(ns));
      const floor = wholeSeconds(ns);
      assert.equal(Math.floor(value), Number(floor));
      const fraction = Number(ns - floor * 1_000_000_000n) / 1e9;
      assert.ok(Math.abs(value - Number(floor) - fraction) < 1e-6);
    }),
  );
});

test('with the C library they are exact, on files, folders and links', {
  skip: Libc.open() === undefined && 'no node:ffi',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-times-'));
  try {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('file', join(folder, 'link'));
    // ext4 keeps 34 bits of seconds, from 1901 to 2446.
    for (const ns of [
      -2_000_000_000_123_456_789n,
      -1n,
      0n,
      1n,
      1_754_300_000_999_999_999n,
      15_000_000_000_000_000_001n,
    ]) {
      for (const name of ['.', 'file']) {
        const descriptor = openSync(join(folder, name), 'r');
        setTimes(descriptor, ns);
        closeSync(descriptor);
      }
      setLinkTimes(Buffer.from(join(folder, 'link')), ns + 1n);
      const times = ['.', 'file', 'link'].map((name) => lstatSync(join(folder, name), { bigint: true }).mtimeNs);
      assert.deepEqual(times, [ns, ns, ns + 1n]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
