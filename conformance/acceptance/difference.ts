import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/**
 * Why comparing has to be skipped here, for `test`'s option `skip`; false when rsync is there, and where tests must not be
 * skipped (`CI=true`): the comparison then fails.
 */
export const skipComparing: string | false =
  spawnSync('rsync', ['--version']).status === 0 || process.env['CI'] === 'true'
    ? false
    : 'rsync is not installed: apt-get install rsync';

/**
 * What rsync would have to change to make `copy` like `original`, a line each: content, names, links, modes, owners, times (in
 * whole seconds), ACLs and extended attributes. Owners only where the tests run as root. `without`: paths that do not count, from
 * the root on (`/a/b`).
 */
export function differences(original: string, copy: string, without: readonly string[] = []): string[] {
  const excluded = without.map((path) => `--exclude=${path}`);
  const args = ['-aAXHni', '--checksum', '--delete', ...excluded, `${original}/`, `${copy}/`];
  const { status, stdout, stderr, error } = spawnSync('rsync', args, { maxBuffer: 2 ** 30 });
  if (error !== undefined) throw error;
  assert.equal(status, 0, `rsync ${args.join(' ')} ended with ${status}: ${String(stderr).slice(0, 4000)}`);
  return String(stdout)
    .split('\n')
    .filter((line) => line !== '');
}

/** Holds when rsync sees no difference at all. */
export function assertAlike(original: string, copy: string, without: readonly string[] = []): void {
  const found = differences(original, copy, without);
  assert.deepEqual(found.slice(0, 20), [], `${found.length} differences`);
}

/** Holds when two trees hold the same names with the same content. For where attributes are somebody else's business. */
export function assertSameContent(original: string, copy: string): void {
  const { status, stdout, stderr } = spawnSync('diff', ['-rq', '--no-dereference', original, copy], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${copy} differs:\n${stdout.slice(0, 2000)}${stderr.slice(0, 2000)}`);
}
