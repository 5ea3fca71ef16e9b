/**
 * Loaded into a child with `--import`: the process waits right before its n-th call of one kind on an object, as long as a file that
 * it makes is there. HOLDFAST_TEST_PAUSE says `{ call, of, nth, file }`: `link` publishes an object of the local target, `open` reads
 * one; `of` is a part of its path. So something can happen to a target at a moment that would be met by luck only.
 */
import { existsSync, promises, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';

export interface Pause {
  readonly call: 'link' | 'open';
  readonly of: string;
  readonly nth: number;
  readonly file: string;
}

const asked = process.env['HOLDFAST_TEST_PAUSE'];

if (isMainThread && asked !== undefined) {
  const { call, of, nth, file } = JSON.parse(asked) as Pause;
  const { link, open } = promises;
  let count = 0;
  const pause = async (kind: Pause['call'], path: unknown) => {
    if (kind !== call || !String(path).includes(of)) return;
    count += 1;
    if (count !== nth) return;
    writeFileSync(file, '');
    while (existsSync(file)) await setTimeout(5);
  };
  promises.link = async (from, to) => {
    await pause('link', to);
    await link(from, to);
  };
  promises.open = async (path, ...how) => {
    await pause('open', path);
    return open(path, ...how);
  };
  syncBuiltinESMExports();
}
