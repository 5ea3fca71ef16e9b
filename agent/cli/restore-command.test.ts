import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '../contract/index.ts';
import type { RestoreReport } from '../recovery/restore-report.ts';
import { nextOptions, readerWords, restoreCommand } from './restore-command.ts';

const failure = (code: string, permanent: boolean): Failure => ({ code, message: code, origin: 'source', permanent });

function report(changes: Partial<RestoreReport>): RestoreReport {
  return { verdict: 'failed', phases: [{ name: 'restore', ms: 1 }], skipped: [], ...changes } as RestoreReport;
}

test('what may pass is said again, with all that it was said with', () => {
  const options = { at: 'latest', into: './a b', key: 'k.asc', passphraseFile: 'pass', target: 'nas' };
  const next = nextOptions(options, report({ failure: failure('TARGET_UNAVAILABLE', false) }));
  assert.deepEqual(next, { ...options, conflict: 'replace' });
  assert.equal(
    restoreCommand('files', ['etc/'], { ...options, conflict: 'replace' }),
    "restore files --into './a b' --conflict replace --key k.asc --passphrase-file pass --target nas etc/",
  );
  const left = { what: 'a', failure: failure('RESTORE_IO', false) };
  assert.notEqual(nextOptions(options, report({ verdict: 'incomplete', skipped: [left] })), undefined);
});

test('owners that were not wanted are not wanted again', () => {
  const options = { at: 'latest', into: 'postgresql:///copy' };
  assert.equal(
    restoreCommand('db', [], { ...options, owner: false }),
    'restore db --into postgresql:///copy --no-owner',
  );
  assert.equal(restoreCommand('db', [], { ...options, owner: true }), 'restore db --into postgresql:///copy');
});

test('on a server nothing is replaced by saying it again', () => {
  const options = { at: 'latest', into: 'postgresql:///copy' };
  assert.deepEqual(nextOptions(options, report({ failure: failure('POSTGRES_FULL', false) })), options);
});

test('what is for good is not', () => {
  assert.equal(nextOptions({ at: 'latest' }, report({ failure: failure('RESTORE_LOCKED', true) })), undefined);
  const left = { what: 'a', failure: failure('RESTORE_DENIED', true) };
  assert.equal(nextOptions({ at: 'latest' }, report({ verdict: 'incomplete', skipped: [left] })), undefined);
});

test('what would be in the way is shown first, also though that is for good', () => {
  const next = nextOptions({ at: 'latest' }, report({ failure: failure('RESTORE_CONFLICT', true) }));
  assert.deepEqual(next, { at: 'latest', conflict: 'replace', dryRun: true });
});

test('another command reads with the same key, of the same target', () => {
  assert.equal(readerWords({}), '');
  assert.equal(readerWords({ key: 'my key', target: 'nas' }), " --key 'my key' --target nas");
});
