import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { lendHost } from 'holdfast/conformance';
import { plugin } from './index.ts';

test('a rehearsal gets an empty folder of its own, below the scratch folder, and it goes away with what is in it', async () => {
  await using host = await lendHost();
  await using source = await plugin.open({ paths: ['/srv'] }, host);
  assert.ok(plugin.can.includes('scratch') && source.scratch);
  const [one, two] = [await source.scratch(), await source.scratch()];
  assert.ok('folder' in one.into && 'folder' in two.into);
  const { folder } = one.into;
  assert.notEqual(folder, two.into.folder);
  assert.ok(folder.startsWith(`${host.scratchDir}/`) && existsSync(folder));
  await writeFile(join(folder, 'restored'), 'x');
  await one[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  assert.deepEqual([existsSync(folder), existsSync(two.into.folder)], [false, true]);
});
