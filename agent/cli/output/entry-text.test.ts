import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime } from './duration.ts';
import { modeOf, timeOf } from './entry-text.ts';

const meta = { mode: 0o640, uid: 0, gid: 0, mtimeNs: 0n };
const path = Buffer.from('name');

test('another name of something is shown as that: it may be one of a link or a FIFO', () => {
  assert.equal(modeOf({ path, meta, kind: 'hardlink', target: Buffer.from('first') }), 'hrw-r----- ');
  assert.equal(modeOf({ path, meta, kind: 'file', size: 1 }), '-rw-r----- ');
});

test('a time is in the second that it is in, before 1970 too', () => {
  const at = (mtimeNs: bigint) => timeOf({ ...meta, mtimeNs });
  assert.equal(at(-1n), formatTime(new Date(-1)));
  assert.equal(at(-1_000_000_000n), formatTime(new Date(-1000)));
  assert.equal(at(-1_000_000_001n), formatTime(new Date(-1001)));
  assert.equal(at(999_999_999n), formatTime(new Date(0)));
});
