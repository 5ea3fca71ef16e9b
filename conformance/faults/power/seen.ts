import assert from 'node:assert/strict';
import { sha256 } from '../../kit/samples.ts';
import { Disk } from './disk.ts';
import { NOTHING_LOST } from './losses.ts';

/** What was recorded of a folder is all there was: a call that nobody saw would leave something else. */
export function assertSeen(disk: Disk, folder: string): void {
  const digests = (one: Disk) => [...one.cut(NOTHING_LOST)].map(([path, bytes]) => [path, bytes && sha256(bytes)]);
  assert.deepEqual(digests(disk), digests(new Disk(folder)), 'the record is not what happened');
}
