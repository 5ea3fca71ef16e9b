/** Restores while another process exchanges the folder that is restored into for a link that leads out of it, and back. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSentinel, stateOf } from '../../agent/recovery/crafted-repository.fixture.ts';
import type { RestoreReport } from '../../agent/recovery/restore-report.ts';
import { assertSameContent } from '../acceptance/difference.ts';
import { Machine } from '../acceptance/machine.ts';
import { documentOf } from '../acceptance/program.ts';

const FOLDERS = 24;
const ROUNDS = 4;

/** What the other process does until it is killed; it says how often it has come round, so that it is known to have raced. */
const EXCHANGING = `
const { renameSync, writeSync } = require('node:fs');
const [real, aside, link] = process.argv.slice(1);
for (let round = 1; ; round++) {
  try {
    renameSync(real, aside);
    renameSync(link, real);
    renameSync(real, link);
    renameSync(aside, real);
  } catch (error) {
    writeSync(2, error.message);
    process.exit(1);
  }
  if (round % 100 === 1) writeSync(1, '.');
}`;

test('nothing outside is touched, and what could not be restored is named', async (t) => {
  await using machine = await Machine.create();
  for (let i = 0; i < FOLDERS; i++) {
    mkdirSync(join(machine.data, `a/${i}`), { recursive: true });
    for (const name of ['file', 'folder', 'new']) writeFileSync(join(machine.data, `a/${i}/${name}`), `${i} ${name}`);
  }
  await machine.ask(['run']);
  const outside = machine.place('outside');
  // Of the same names, so that whatever is led astray finds somewhere to go.
  for (let i = 0; i < FOLDERS; i++) makeSentinel(join(outside, `${i}`));
  const untouched = stateOf(outside);
  const met: string[] = [];
  let exchanges = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const into = machine.place(`into-${round}`);
    const [aside, link] = [machine.place(`aside-${round}`), machine.place(`link-${round}`)];
    mkdirSync(join(into, 'a'), { recursive: true });
    symlinkSync(outside, link);
    const racer = spawn(process.execPath, ['-e', EXCHANGING, join(into, 'a'), aside, link]);
    const gone = once(racer, 'exit');
    await once(racer.stdout, 'data');
    let turns = 0;
    racer.stdout.on('data', (dots: Buffer) => {
      turns += dots.length;
    });
    const ended = await machine.call(['restore', 'files', '--json', '--into', into]);
    const raced = turns;
    racer.kill('SIGKILL');
    await gone;
    assert.deepEqual(stateOf(outside), untouched, `round ${round}`);
    const { verdict, failure, skipped } = documentOf<RestoreReport>(ended);
    met.push(`${verdict} ${failure?.code ?? ''}${skipped.length}, ${raced} hundred exchanges`);
    exchanges += raced;
    if (verdict === 'ok') {
      // Wherever the folder was when the racer was killed.
      const there = [join(into, 'a'), aside].find((path) => existsSync(path) && readdirSync(path).length > 1);
      assertSameContent(join(machine.data, 'a'), there ?? '');
      continue;
    }
    assert.equal(ended.exit, verdict === 'incomplete' ? 3 : (ended.exit ?? 0) || 1);
    for (const one of [...skipped.map((skip) => skip.failure), ...(failure ? [failure] : [])])
      assert.match(one.message, /\S/);
    assert.ok(failure !== undefined || skipped.length > 0);
    assert.match(ended.stderr, /RESTORE_/);
  }
  t.diagnostic(met.join('; '));
  assert.ok(exchanges > 0, 'somebody raced');
  assert.equal(readFileSync(join(outside, '0/file'), 'utf8').length, 128);
  await machine.ask(['restore', 'files', '--into', machine.place('calm')]);
  assertSameContent(machine.data, machine.place('calm'));
});
