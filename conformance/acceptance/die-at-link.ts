/**
 * Loaded into a child with `--import`: the process kills itself right before or right after its n-th link(2), as
 * HOLDFAST_TEST_DIE says (`3 before`). A put of the local target publishes an object by that call, so these are the moments
 * between two steps of a commit, which a signal from outside would meet by luck only.
 */
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const [wanted, moment] = (process.env['HOLDFAST_TEST_DIE'] ?? '').split(' ');

if (isMainThread && moment !== undefined) {
  const { link } = promises;
  let count = 0;
  promises.link = async (...where) => {
    count += 1;
    const dies = count === Number(wanted);
    if (dies && moment === 'before') process.kill(process.pid, 'SIGKILL');
    await link(...where);
    if (dies) process.kill(process.pid, 'SIGKILL');
  };
  syncBuiltinESMExports();
}
