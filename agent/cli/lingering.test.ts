import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startHoldfast } from './child.fixture.ts';

test('what still keeps the process when a verb has ended, such as a mount that does not answer, does not keep it for ever', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-lingering-'));
  const stuck = `data:text/javascript,setInterval(() => {}, 1e6)`;
  const child = startHoldfast(['validate'], { cwd, nodeArgs: ['--import', stuck] });
  const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000);
  child.stdout.resume();
  child.stderr.resume();
  const [exit, signal] = await once(child, 'close');
  clearTimeout(deadline);
  await rm(cwd, { recursive: true, force: true });
  assert.deepEqual([typeof exit, signal], ['number', null]);
  assert.notEqual(exit, 0, 'there is no policy: the exit code is still that of the verb');
});

test('a signal that comes when the verb is done changes nothing: a good run does not end as an interrupted one', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-lingering-'));
  const late = `data:text/javascript,process.on('exit', () => process.kill(process.pid, 'SIGINT'))`;
  const child = startHoldfast(['explain', 'HF4012'], { cwd, nodeArgs: ['--import', late] });
  child.stdout.resume();
  child.stderr.resume();
  const ended = await once(child, 'close');
  await rm(cwd, { recursive: true, force: true });
  assert.deepEqual(ended, [0, null]);
});
