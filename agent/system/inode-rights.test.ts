import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { dressFile } from './inode-attributes.ts';
import { setMode } from './inode-rights.ts';

const refusing = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

test('a mode that the file system will not set is said, and the rest is set', () => {
  const fd = openSync('/proc/self/comm', 'r'); // procfs refuses chmod(2) to everybody, as FAT does
  try {
    assert.deepEqual(setMode(fd, 0o4600), [
      { what: 'mode', code: 'EPERM' },
      { what: 'set-user-id', code: 'EPERM' },
    ]);
    assert.deepEqual(setMode(fd, 0o600, refusing('ENOTSUP')), [{ what: 'mode', code: 'ENOTSUP' }]);
    assert.deepEqual(setMode(fd, 0o644, refusing('EPERM')), [], 'it has it all the same');
    assert.throws(() => setMode(fd, 0o600, refusing('EIO')), { code: 'EIO' });
    assert.deepEqual(dressFile(fd, { mode: 0o600, ownerless: true }), [{ what: 'mode', code: 'EPERM' }]);
    assert.throws(() => dressFile(fd, { mode: 0o600 }), { code: 'EPERM' }, 'where nobody would be told');
  } finally {
    closeSync(fd);
  }
});
