import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Destination } from './destination.ts';
import { mountPoints } from './mounts.ts';
import { temporaryFolder } from './sample.ts';
import type { Spared } from './spared.ts';
import { SurplusSearch } from './surplus.ts';

/** Spares nothing. */
const nothing: Spared = {
  within: () => true,
  selects: () => true,
  roots: [''],
  exclude: [],
  excludeFiles: [],
  excludeCaches: false,
  patternsThen: new Map(),
  mounts: new Set(),
  isLeft: () => false,
};

function found(folder: string, spared: Spared): { paths: string[]; stay: number } {
  const destination = Destination.look(folder);
  assert.ok(destination);
  const surplus = new SurplusSearch(destination, spared);
  surplus.enter('');
  const paths = [...surplus.rest()].map((found) => ('error' in found ? `${found.path} ${found.error}` : found.path));
  return { paths, stay: surplus.stay };
}

test('what is mounted there is not entered, nor is anything that holds it removed', async () => {
  await using place = await temporaryFolder();
  for (const name of ['a/b', 'm/within', 'x/y/m/within']) await fs.mkdir(join(place.path, name), { recursive: true });
  await fs.writeFile(join(place.path, 'file'), '');
  assert.deepEqual(found(place.path, nothing).paths, [
    'a/b',
    'a',
    'file',
    'm/within',
    'm',
    'x/y/m/within',
    'x/y/m',
    'x/y',
    'x',
  ]);
  const mounts = new Set(['m', 'x/y/m', 'file'].map((name) => join(place.path, name)));
  assert.deepEqual(found(place.path, { ...nothing, mounts }), { paths: ['a/b', 'a'], stay: 3 });
});

test('files of patterns that cannot be read may exclude anything: nothing beside them is removed', async () => {
  await using place = await temporaryFolder();
  await fs.mkdir(join(place.path, 'a/.ignore'), { recursive: true });
  await fs.symlink('/nowhere', join(place.path, '.ignore'));
  await fs.writeFile(join(place.path, 'a/b'), '');
  const { paths } = found(place.path, { ...nothing, excludeFiles: ['.ignore'] });
  assert.deepEqual(paths, ['.ignore', 'a/b', 'a/.ignore', 'a'], 'neither a link nor a folder says anything');
});

test('mount points are read as the kernel writes them', () => {
  const lines = [
    '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '40 22 0:30 / /mnt/with\\040space\\134and\\011tab rw shared:1 - tmpfs none rw',
    '41 22 254:0 /srv/data /srv/other\\012line rw - ext4 /dev/vda rw',
    '',
  ];
  const expected = ['/', '/mnt/with space\\and\ttab', '/srv/other\nline'];
  assert.deepEqual([...mountPoints(() => lines.join('\n'))], expected);
  assert.ok(mountPoints().has('/'), 'of this machine');
});
