import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Catalog } from './catalog.ts';
import { isRunning, processIdentity } from './process-identity.ts';

const domain = 'ab'.repeat(16);
const begun = { job: 'files', source: 'app', domain, started: '2026-11-23T06:00:00.000Z' };
const ended = {
  finished: '2026-11-23T06:01:00.000Z',
  verdict: 'ok',
  traceId: '0f'.repeat(16),
  counters: { read: 7 },
} as const;

test('a run is remembered with all that was said of it', (t) => {
  using catalog = open(t);
  const { runs } = catalog;
  const failure = { code: 'TARGET_FULL', message: 'full', origin: 'target', permanent: false } as const;
  const first = runs.start(begun);
  runs.finish(first, { ...ended, snapshot: 'abcd1234' });
  const second = runs.start(begun);
  runs.finish(second, { ...ended, verdict: 'failed', failure });
  const other = runs.start({ ...begun, job: 'other' });
  const { verdict: _, ...facts } = ended;
  assert.deepEqual(runs.list('files', 10), [
    { id: second, ...begun, ...facts, state: 'failed', failure },
    { id: first, ...begun, ...facts, state: 'ok', snapshot: 'abcd1234' },
  ]);
  assert.deepEqual(runs.last('other'), { id: other, ...begun, job: 'other', state: 'running' });
  assert.deepEqual(
    runs.list(undefined, 2).map((run) => run.id),
    [other, second],
  );
  assert.equal(runs.last('unknown'), undefined);
});

test('the last success is the last run that left nothing out, however many came after it', (t) => {
  using catalog = open(t);
  const { runs } = catalog;
  assert.equal(runs.lastSuccess('files'), undefined);
  const [old, good] = [runs.start(begun), runs.start(begun)];
  for (const id of [old, good]) runs.finish(id, ended);
  for (const verdict of ['incomplete', 'failed', 'cancelled'] as const) {
    runs.finish(runs.start(begun), { ...ended, verdict });
  }
  runs.start(begun);
  runs.finish(runs.start({ ...begun, job: 'other' }), ended);
  assert.equal(runs.lastSuccess('files')?.id, good);
});

test('a run that goes on is not unfinished; one whose catalog was closed under it is', (t) => {
  const state = stateFolder(t);
  {
    using catalog = Catalog.open(state, assert.fail);
    catalog.runs.finish(catalog.runs.start(begun), ended);
    catalog.runs.start(begun);
    assert.equal(catalog.runs.unfinished(domain), false);
  }
  using catalog = Catalog.open(state, assert.fail);
  assert.equal(catalog.runs.unfinished(domain), true);
  assert.equal(catalog.runs.unfinished('cd'.repeat(16)), false);
  catalog.runs.clearUnfinished(domain);
  assert.equal(catalog.runs.unfinished(domain), false);
  assert.equal(catalog.runs.last('files')?.state, 'interrupted', 'it stays in the history');
});

test('a killed process leaves its run unfinished', (t) => {
  const state = stateFolder(t);
  const script = `
    const { Catalog } = await import(${JSON.stringify(new URL('catalog.ts', import.meta.url).href)});
    Catalog.open(${JSON.stringify(state)}, () => {}).runs.start(${JSON.stringify(begun)});
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawnSync(process.execPath, [...process.execArgv, '--input-type=module', '--eval', script]);
  assert.equal(child.signal, 'SIGKILL', String(child.stderr));
  using catalog = Catalog.open(state, assert.fail);
  assert.equal(catalog.runs.unfinished(domain), true);
});

test('a process identity tells a living process from one that had its number before', () => {
  const mine = processIdentity();
  assert.ok(mine !== undefined && isRunning(mine));
  assert.equal(isRunning(mine.replace(/ \d+/, ' 1')), false);
  assert.equal(isRunning('4194305'), false);
  assert.equal(isRunning(''), false);
});

function open(t: TestContext): Catalog {
  return Catalog.open(stateFolder(t), assert.fail);
}

function stateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-runs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
