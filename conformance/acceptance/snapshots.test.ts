import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Machine } from './machine.ts';
import { assertExit } from './program.ts';

test('the list of snapshots counts a stream as one entry, and says who wrote what when there is more than one writer', async () => {
  await using machine = await Machine.create();
  await writeFile(join(machine.data, 'file'), 'x');
  assertExit(await machine.call(['run']), 0);
  const streamed = await machine.call(['run', '--stdin', 'dump', '--job', 'files'], { input: [Buffer.from('a dump')] });
  assertExit(streamed, 0);
  const one = await machine.call(['snapshots']);
  assertExit(one, 0);
  assert.match(one.stdout, /^\S+ +files +.* 2 +1 B$/m);
  assert.match(one.stdout, /^\S+ +dump +.* 1 +6 B$/m);
  assert.doesNotMatch(one.stdout, /WRITER/);

  const env = { HOLDFAST_STATE: machine.place('second-state') };
  assertExit(await machine.call(['init', '--join'], { env }), 0);
  assertExit(await machine.call(['run'], { env }), 0);
  const listed = (await machine.call(['snapshots', 'files'])).stdout.trimEnd().split('\n');
  const column = listed[0]?.indexOf('WRITER') ?? -1;
  assert.ok(column > 0, listed.join('\n'));
  const [own, second] = listed.slice(1).map((line) => line.slice(column, column + 8));
  assert.match(own ?? '', /^[0-9a-f]{8}$/);
  assert.match(second ?? '', /^[0-9a-f]{8}$/);
  assert.notEqual(own, second);
  // Of a source that only one of them has, too: it is the repository that has two.
  assert.match((await machine.call(['snapshots', 'dump'])).stdout, /WRITER/);
});
