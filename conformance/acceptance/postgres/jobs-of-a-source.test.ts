/** Critical tables often, all of them daily: two jobs of one source. Who restores the source means all of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const CRITICAL = { source: 'db', select: { tables: ['orders'] } };
const LEDGER = { source: 'db', select: { tables: ['accounts'] } };

let here: DatabaseMachine;

before(async () => {
  if (skip !== false) return;
  here = await DatabaseMachine.of('trading');
  here.server.query(
    'CREATE TABLE orders AS SELECT 1 AS n; CREATE TABLE accounts AS SELECT 2 AS n; CREATE TABLE notes AS SELECT 3 AS n',
    'trading',
  );
  await here.reach({}, { all: { source: 'db' }, critical: CRITICAL });
  await here.machine.ask(['run', 'all']);
  here.server.query('UPDATE orders SET n = 10', 'trading');
  await here.machine.ask(['run', 'critical']);
});
after(() => here?.[Symbol.asyncDispose]());

async function restore(database: string, more: readonly string[] = []): Promise<RestoreReport> {
  const ended = await here.machine.call(['restore', 'db', '--into', `postgresql:///${database}`, ...more, '--json']);
  assertExit(ended, 0);
  return documentOf<RestoreReport>(ended);
}

const TABLES =
  "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";

test('the newest of all of it comes back, also where a part of it is younger, which is told', { skip }, async () => {
  const { snapshot, problems } = await restore('whole');
  assert.equal(snapshot?.job, 'all');
  assert.equal(here.server.query(TABLES, 'whole'), 'accounts notes orders');
  const [part] = problems;
  assert.deepEqual([part?.code, problems.length], ['SNAPSHOT_PART_NEWER', 1]);
  assert.match(`${part?.message} ${part?.hint}`, /the job critical took a part of db later.*--job critical/);
});

test('the part that is younger comes back when its job is named, and by its id', { skip }, async () => {
  const part = await restore('part', ['--job', 'critical']);
  assert.deepEqual([part.snapshot?.job, part.problems], ['critical', []]);
  assert.equal(here.server.query(`${TABLES}; SELECT n FROM orders`, 'part'), 'orders\n10');
  const named = await restore('named', ['--at', part.snapshot?.id ?? '']);
  assert.equal(named.snapshot?.job, 'critical');
});

test('what is listed is of the same snapshot as what would be restored', { skip }, async () => {
  const all = await here.machine.call(['ls', 'db']);
  assert.match(all.stdout, /notes/);
  const part = await here.machine.call(['ls', 'db', '--job', 'critical']);
  assert.match(part.stdout, /orders/);
  assert.doesNotMatch(part.stdout, /notes/);
});

test('a job that stored nothing of it is refused with those that did', { skip }, async () => {
  const ended = await here.machine.call(['restore', 'db', '--into', 'postgresql:///none', '--job', 'other']);
  assertExit(ended, 64);
  assert.match(
    ended.stderr,
    /db has no snapshot of a job other[\s\S]*the newest of each job: .* of all, .* of critical/,
  );
});

test('where jobs take nothing but different parts, one has to be named', { skip }, async () => {
  await here.reach({}, { critical: CRITICAL, all: LEDGER });
  const refused = await here.machine.call(['restore', 'db', '--into', 'postgresql:///refused']);
  assertExit(refused, 64);
  assert.match(refused.stderr, /SNAPSHOT_AMBIGUOUS[\s\S]*--job all/);
  assert.equal((await restore('chosen', ['--job', 'all'])).snapshot?.job, 'all');
});
