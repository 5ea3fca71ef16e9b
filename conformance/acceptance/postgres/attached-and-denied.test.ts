import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { assertExit, documentOf, type Ended } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const PARTITIONED = `
CREATE TABLE log (id int PRIMARY KEY, what text) PARTITION BY RANGE (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (100);
CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (100) TO (200);
INSERT INTO log SELECT i, 'captured' FROM generate_series(1, 150) i;
CREATE INDEX log_by_what ON log (what);
CREATE TABLE plain AS SELECT generate_series(1, 9) AS id;
CREATE VIEW recent AS SELECT * FROM log WHERE id > 100;`;

test('a database with partitions is restored over itself: rows are replaced, or what is missing is added', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.of('everything');
  const { machine, server } = here;
  server.query(PARTITIONED, 'everything');
  await machine.ask(['run']);
  const original = here.dump('everything');
  server.query("UPDATE log SET what = 'changed'; DELETE FROM plain WHERE id = 3;", 'everything');
  assertExit(await machine.call(['restore', 'db', '--into', 'postgresql:///everything', '--conflict', 'replace']), 0);
  assert.equal(here.dump('everything'), original);
  server.query("UPDATE log SET what = 'changed'; DROP TABLE plain;", 'everything');
  const skipping = ['restore', 'db', '--into', 'postgresql:///everything', '--conflict', 'skip'];
  const planned = await machine.ask<RestoreReport>([...skipping, '--dry-run']);
  assert.ok(planned.steps.includes('leave everything/public/log_1 as it is'));
  const ended = await machine.call(skipping);
  assertExit(ended, 0);
  assert.match(ended.stdout, /left everything\/public\/log_1, everything\/public\/log_2, view public\.recent/);
  assert.equal(server.query('SELECT count(*) FROM plain', 'everything'), '9');
  assert.equal(server.query("SELECT count(*) FROM log WHERE what = 'changed'", 'everything'), '150');
});

const DENIED = `
CREATE ROLE holdfast LOGIN;
GRANT pg_read_all_data TO holdfast;
CREATE DATABASE everything;`;

const HIDDEN = `
CREATE TABLE plain AS SELECT generate_series(1, 9) AS id;
CREATE TABLE hidden AS SELECT generate_series(1, 9) AS id;
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
SELECT lo_from_bytea(4242, 'one'), lo_from_bytea(4243, 'two');
GRANT SELECT ON LARGE OBJECT 4243 TO holdfast;`;

/** What a restore ended incomplete for want of. */
function lacking(ended: Ended): string[] {
  assertExit(ended, 3);
  return documentOf<RestoreReport>(ended).skipped.map(({ what, failure }) => {
    assert.equal(failure.code, 'SNAPSHOT_LACKS');
    return what;
  });
}

test('rows that policies hide, and large objects that are not granted, are named; all else is captured', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.create({ databases: ['everything'] });
  const { machine, server } = here;
  server.query(DENIED);
  server.query(HIDDEN, 'everything');
  await here.reach({ user: 'holdfast' });
  const ended = await machine.call(['run', '--json']);
  assertExit(ended, 3);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.deepEqual(
    run?.skipped.map(({ what, failure: { code } }) => `${what}: ${code}`),
    ['everything.public.hidden: POSTGRES_DENIED', 'everything: 1 large objects: POSTGRES_DENIED'],
  );
  const into = `postgresql://postgres@${server.host}:${server.port}/copy`;
  const restored = await machine.call(['restore', 'db', '--into', into, '--json']);
  assert.deepEqual(lacking(restored), ['everything.public.hidden', 'everything: 1 large objects']);
  const exported = await machine.call(['restore', 'db', '--into', machine.place('dumps'), '--json']);
  assert.deepEqual(lacking(exported), ['everything.public.hidden', 'everything: 1 large objects']);
  const parts = (part: string, to: string) =>
    machine.call(['restore', 'db', part, '--into', `${into}_${to}`, '--json']);
  assertExit(await parts('plain', 'plain'), 0);
  const hidden = await parts('hidden', 'hidden');
  assertExit(hidden, 1);
  assert.equal(documentOf<RestoreReport>(hidden).failure?.code, 'SNAPSHOT_LACKS');
  assert.equal(server.query('SELECT count(*) FROM plain', 'copy'), '9');
  assert.equal(server.query('SELECT count(*) FROM hidden', 'copy'), '0');
  assert.equal(server.query('SELECT lo_get(4243)', 'copy'), '\\x74776f');
});

test('a partition that may not be read is named when its table is chosen, and a name with dots as it is', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.create({ databases: ['everything'] });
  const { machine, server } = here;
  server.query('CREATE ROLE holdfast LOGIN');
  server.query('CREATE DATABASE everything');
  server.query(PARTITIONED, 'everything');
  server.query(
    `CREATE TABLE "odd.name" AS SELECT 1 AS id; CREATE TABLE other AS SELECT 1 AS id;
     GRANT SELECT ON log, log_1, plain TO holdfast`,
    'everything',
  );
  await here.reach({ user: 'holdfast' }, { db: { source: 'db', select: { tables: ['log', '"odd.name"'] } } });
  const ended = await machine.call(['run', '--json']);
  assertExit(ended, 3);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.deepEqual(
    run?.skipped.map(({ what, failure: { code } }) => `${what}: ${code}`),
    ['everything.public.log_2: POSTGRES_DENIED', 'everything.public.odd.name: POSTGRES_DENIED'],
  );
});
