/** Of several databases one fails: the others are captured all the same, and of a restore it is told what is there by then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

test('a database whose definitions cannot be read is named, and the others are captured', { skip }, async () => {
  await using here = await DatabaseMachine.create({ databases: ['alpha', 'beta'] });
  const { machine, server } = here;
  for (const name of ['alpha', 'beta']) {
    server.query(`CREATE DATABASE ${name}`);
    server.query('CREATE TABLE orders AS SELECT generate_series(1, 9) AS id', name);
  }
  // A view that calls what is not there any more: pg_dump cannot say how it is defined.
  server.query(
    `CREATE FUNCTION gone() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW broken AS SELECT gone();
     DELETE FROM pg_proc WHERE proname = 'gone'`,
    'alpha',
  );
  const ended = await machine.call(['run', '--json']);
  assertExit(ended, 3);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.deepEqual(
    run?.skipped.map(({ what }) => what),
    ['alpha'],
  );
  assert.match(run?.skipped[0]?.failure.message ?? '', /^database alpha is not captured: /);
  assert.ok(run?.artifacts.some(({ name }) => name === 'beta/public/orders'));
  assert.match(ended.stderr, /Next: /);
  await using target = await PostgresServer.start();
  const restored = await machine.call([
    'restore',
    'db',
    '--into',
    `postgresql://postgres@${target.host}:${target.port}`,
    '--json',
  ]);
  assertExit(restored, 3);
  const { skipped } = documentOf<RestoreReport>(restored);
  assert.deepEqual(
    skipped.map(({ what, failure }) => `${what}: ${failure.code}`),
    ['alpha: SNAPSHOT_LACKS'],
  );
  assert.equal(target.query('SELECT count(*) FROM orders', 'beta'), '9');
});

test('a restore that breaks off says which databases and roles it made, and how to go on', { skip }, async () => {
  await using here = await DatabaseMachine.create({ databases: ['alpha', 'beta', 'gamma'] });
  const { machine, server } = here;
  server.query('CREATE ROLE clerk');
  for (const name of ['alpha', 'beta', 'gamma']) {
    server.query(`CREATE DATABASE ${name}`);
    server.query('CREATE TABLE orders (id int); ALTER TABLE orders OWNER TO clerk', name);
  }
  // What a restore has no search path for.
  server.query(
    `CREATE FUNCTION fits(id int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN EXISTS (SELECT FROM orders) OR true; END $$;
     CREATE TABLE checked (id int CHECK (fits(id))); INSERT INTO checked VALUES (1)`,
    'beta',
  );
  await machine.ask(['run']);
  await using target = await PostgresServer.start();
  const into = `postgresql://postgres@${target.host}:${target.port}`;
  const ended = await machine.call(['restore', 'db', '--into', into, '--json']);
  assertExit(ended, 1);
  const { failure } = documentOf<RestoreReport>(ended);
  assert.match(failure?.message ?? '', /^database beta: .*; restored before it, and there: alpha; .*: roles clerk$/);
  assert.match(failure?.hint ?? '', /restore what is left by its names: beta\/ gamma\/$/);
  assert.equal(
    target.query(
      "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname ~ 'a'  AND datname !~ '^(template|postgres)'",
    ),
    'alpha',
  );
  assert.equal(target.query("SELECT count(*) FROM pg_roles WHERE rolname = 'clerk'"), '1');
});
