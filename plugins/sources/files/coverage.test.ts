import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coversFolder } from './coverage.ts';
import type { FilesOptions } from './options.ts';

function covers(paths: string[], exclude: string[], folder: string): boolean {
  return coversFolder({ paths, exclude } as FilesOptions, folder);
}

test('a folder below a path is covered unless it, or a folder above it, is excluded', () => {
  assert.equal(covers(['/srv'], [], '/srv/backup'), true);
  assert.equal(covers(['/srv/'], [], '/srv'), true);
  assert.equal(covers(['/'], [], '/var/lib/holdfast/repository'), true);
  assert.equal(covers(['/'], ['/var/lib/holdfast/'], '/var/lib/holdfast/repository'), false);
  assert.equal(covers(['/srv'], ['backup'], '/srv/a/backup/'), false);
  assert.equal(covers(['/srv'], ['/other'], '/srv/backup'), true);
});

test('a folder beside the paths is not, however much the names are alike', () => {
  assert.equal(covers(['/srv/app'], [], '/srv/application'), false);
  assert.equal(covers(['/srv/app', '/etc'], [], '/var/backup'), false);
});
