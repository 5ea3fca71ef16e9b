/** Processes that may have only so many files open, or so much heap: they fail in words, or back up everything. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore-report.ts';
import { assertSameContent } from '../acceptance/difference.ts';
import { type Given, Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf, type Ended } from '../acceptance/program.ts';

const FOLDERS = 40;
let machine: Machine;
before(async () => {
  machine = await Machine.create();
  for (let i = 0; i < FOLDERS; i++) {
    mkdirSync(join(machine.data, `${i}/below`), { recursive: true });
    writeFileSync(join(machine.data, `${i}/file`), `${i}`);
    writeFileSync(join(machine.data, `${i}/below/file`), `below ${i}`);
  }
});
after(() => machine[Symbol.asyncDispose]());

const files = (limit: number): Given => ({ through: ['prlimit', `--nofile=${limit}:${limit}`] });

function failureOf(ended: Ended): Failure | undefined {
  const { runs, failure } = documentOf<{ runs?: readonly RunReport[]; failure?: Failure }>(ended);
  return failure ?? runs?.[0]?.failure;
}

// From where Node itself can begin; on the way up, each step is met at another place: catalog, lock, modules, workers, walk.
const limits = [16, 22, 24, 26, 30, 34, 36, 37, 38, 40, 48];

test('a run with too few descriptors fails in words or leaves nothing out', async (t) => {
  const met: string[] = [];
  for (const limit of limits) {
    const known = await machine.objects('snapshots');
    const ended = await machine.call(['run', '--json'], files(limit));
    const made = (await machine.objects('snapshots')).size - known.size;
    if (ended.stdout === '') {
      // Node ends itself where it cannot make its own threads: nothing of ours has run.
      assert.ok(ended.signal !== null || (ended.exit ?? 0) > 0, `${limit}`);
      assert.equal(made, 0);
      met.push(`${limit} Node`);
      continue;
    }
    const failure = failureOf(ended);
    met.push(`${limit} ${failure?.code ?? 'ok'}`);
    if (failure === undefined) {
      const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
      assertExit(ended, 0);
      assert.deepEqual([run?.verdict, run?.totals.files, run?.skipped], ['ok', 2 * FOLDERS, []], `${limit}`);
    } else {
      assert.ok((ended.exit ?? 0) > 0 && ended.exit !== 3, `${limit}: ${ended.exit}`);
      assert.notEqual(failure.origin, 'source', `${limit}: ${failure.message}`);
      assert.match(ended.stderr, /hint/, `${limit}`);
      assert.equal(made, 0, `${limit}`);
    }
  }
  t.diagnostic(met.join(', '));
  assert.match(met.at(-1) ?? '', / ok$/);
  assert.ok(met.some((one) => !/ (ok|Node)$/.test(one)));
});

test('a restore with too few descriptors names what it could not write, or restores everything', async (t) => {
  await machine.ask(['run']);
  const met: string[] = [];
  for (const limit of limits.slice(4)) {
    const into = machine.place(`restored-${limit}`);
    const ended = await machine.call(['restore', 'files', '--json', '--into', into], files(limit));
    const { verdict, failure, skipped } = documentOf<RestoreReport>(ended);
    met.push(`${limit} ${verdict} ${failure?.code ?? ''}${skipped.length > 0 ? skipped.length : ''}`);
    if (verdict === 'ok') assertSameContent(machine.data, into);
    else {
      assert.ok((ended.exit ?? 0) > 0, `${limit}`);
      assert.ok(failure !== undefined || skipped.length > 0, `${limit}`);
      assert.match(ended.stderr, /hint|EMFILE/, `${limit}`);
    }
  }
  t.diagnostic(met.join(', '));
});

test('a heap that is too small ends the process, and makes no snapshot that lacks anything', async (t) => {
  const met: string[] = [];
  for (const mebibytes of [16, 64]) {
    const known = await machine.objects('snapshots');
    const ended = await machine.call(['run', '--json'], { nodeArgs: [`--max-old-space-size=${mebibytes}`] });
    const made = (await machine.objects('snapshots')).size - known.size;
    met.push(`${mebibytes} MiB: ${ended.exit ?? ended.signal}`);
    if (ended.exit === 0) {
      const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
      assert.deepEqual([run?.verdict, run?.totals.files], ['ok', 2 * FOLDERS]);
    } else {
      assert.match(ended.stderr, /heap|memory/i);
      assert.equal(made, 0);
    }
  }
  t.diagnostic(met.join(', '));
  await machine.ask(['verify']);
});
