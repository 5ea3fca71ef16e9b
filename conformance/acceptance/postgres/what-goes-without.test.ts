/** What a backup or restore cannot have, and the rest is good without: it is named, and the exit code is 3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { HeldRelay } from '../../faults/held-relay.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { assertExit, documentOf, type Ended } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const named = (ended: Ended) => {
  assertExit(ended, 3);
  const said = documentOf<RestoreReport & { readonly runs?: readonly RunReport[] }>(ended);
  return (said.runs?.[0] ?? said).skipped.map(({ what, failure: { code } }) => `${what}: ${code}`);
};

async function restored(here: DatabaseMachine, into: string, ...more: readonly string[]): Promise<Ended> {
  return here.machine.call(['restore', 'db', '--into', into, '--json', ...more]);
}

test('databases that nobody, or not this role, may connect to are named; the others are captured', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.create();
  const { machine, server } = here;
  for (const name of ['closed', 'denied', 'trading']) server.query(`CREATE DATABASE ${name}`);
  server.query('CREATE TABLE orders AS SELECT 1 AS id', 'trading');
  server.query('ALTER DATABASE closed ALLOW_CONNECTIONS false');
  server.query('REVOKE CONNECT ON DATABASE denied FROM public');
  server.query('CREATE ROLE holdfast LOGIN');
  server.query('GRANT pg_read_all_data TO holdfast');
  await here.reach({ user: 'holdfast' });
  const ended = await machine.call(['run', '--json']);
  assert.deepEqual(named(ended), ['closed: POSTGRES_DENIED', 'denied: POSTGRES_DENIED']);
  assert.ok(ended.stdout.includes('trading/public/orders'));
});

test('a view whose query fails stays empty, a tablespace and a setting that the server cannot have are left out', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  server.query('CREATE ROLE clerk');
  const place = await server.makeFolder('space');
  server.query(`CREATE TABLESPACE fast LOCATION '${place}'`);
  server.query(
    `CREATE TABLE orders (id int PRIMARY KEY) TABLESPACE fast; INSERT INTO orders VALUES (1), (2);
     CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';
     CREATE MATERIALIZED VIEW broken AS SELECT counted() AS n;
     CREATE MATERIALIZED VIEW good AS SELECT count(*) AS n FROM public.orders;
     CREATE MATERIALIZED VIEW onGood AS SELECT n + 1 AS n FROM good;
     ALTER ROLE clerk IN DATABASE trading SET work_mem = '8MB';
     ALTER DATABASE trading SET bytea_output = 'escape';
     ALTER DATABASE trading SET default_transaction_read_only = on;
     CREATE TABLE raw AS SELECT '\\x00ff41'::bytea AS b`,
    'trading',
  );
  await machine.ask(['run']);
  await using other = await PostgresServer.start();
  const into = `postgresql://postgres@${other.host}:${other.port}/`;
  assert.deepEqual(named(await restored(here, into)), [
    'tablespace fast: RESTORE_TABLESPACE',
    'rows of materialized view public.broken: RESTORE_VIEW',
    `ALTER ROLE clerk IN DATABASE "trading" SET work_mem TO '8MB': RESTORE_SETTING`,
  ]);
  const ask = (sql: string) => other.query(sql, 'trading');
  assert.equal(ask('SELECT count(*), max(n), (SELECT n FROM onGood) FROM orders, good'), '2|2|3');
  assert.equal(ask("SELECT ispopulated FROM pg_matviews WHERE matviewname = 'broken'"), 'f');
  assert.equal(ask('SHOW bytea_output'), 'escape');
  assert.equal(ask('SHOW default_transaction_read_only'), 'on');
  assertExit(await restored(here, into, '--conflict', 'replace', '--yes'), 3);
  assert.equal(other.query('SELECT datname FROM pg_database ORDER BY 1'), 'postgres\ntemplate0\ntemplate1\ntrading');
});

test('rows are replaced, and sequences go on where they were, never back', { skip }, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  server.query(
    `CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
     CREATE SEQUENCE tickets; CREATE SEQUENCE down INCREMENT -1;
     INSERT INTO orders (note) SELECT 'captured' FROM generate_series(1, 10);
     SELECT setval('tickets', 500), setval('down', -7)`,
    'trading',
  );
  await machine.ask(['run']);
  server.query("TRUNCATE orders RESTART IDENTITY; SELECT setval('tickets', 900), setval('down', -3)", 'trading');
  assertExit(await restored(here, 'postgresql:///trading', '--conflict', 'replace', '--yes'), 0);
  server.query("INSERT INTO orders (note) VALUES ('new')", 'trading');
  assert.equal(server.query("SELECT max(id), nextval('tickets'), nextval('down') FROM orders", 'trading'), '11|901|-8');
});

test('groups of roles that are made are made as well', { skip }, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  for (const sql of ['CREATE ROLE everybody', 'CREATE ROLE desk', 'CREATE ROLE trader', 'CREATE ROLE stranger'])
    server.query(sql);
  server.query('GRANT everybody TO desk; GRANT desk TO trader; GRANT everybody TO stranger');
  server.query('CREATE TABLE orders (id int); ALTER TABLE orders OWNER TO trader', 'trading');
  await machine.ask(['run']);
  await using other = await PostgresServer.start();
  assertExit(await restored(here, `postgresql://postgres@${other.host}:${other.port}/`), 0);
  assert.equal(
    other.query("SELECT pg_has_role('trader', 'everybody', 'member'), to_regrole('stranger') IS NULL"),
    't|t',
  );
});

test('a database with a subscription that a failed restore left does not keep the next one from it', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  server.query('CREATE TABLE orders AS SELECT 1 AS id', 'trading');
  await machine.ask(['run']);
  server.query('CREATE DATABASE holdfast_restoring_copy');
  server.query(
    "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port=1' PUBLICATION all_of_it WITH (connect = false)",
    'holdfast_restoring_copy',
  );
  assertExit(await restored(here, 'postgresql:///copy'), 0);
  assert.equal(server.query('SELECT count(*) FROM pg_subscription'), '0');
});

test('two restores to one name: the second is told of the first, and changes nothing', { skip }, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  server.query('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 300000) i', 'trading');
  await machine.ask(['run']);
  await using relay = await HeldRelay.open(server.port);
  const held = relay.hold(/COPY public\.orders .* TO stdout/, 2 ** 16);
  const address = (port: number) => `postgresql://postgres@${server.host}:${port}/copy`;
  const first = machine.start(['restore', 'db', '--into', address(relay.port), '--json']);
  await Promise.race([held, first.ended.then(({ stderr }) => assert.fail(`it ended before:\n${stderr}`))]);
  const second = await restored(here, address(server.port));
  assertExit(second, 1);
  assert.equal(documentOf<RestoreReport>(second).failure?.code, 'RESTORE_BUSY');
  relay.release();
  assertExit(await first.ended, 0);
  assert.equal(server.query('SELECT count(*) FROM orders', 'copy'), '300000');
});

test('a standby has no rows of unlogged tables, which are named', { skip }, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  server.query('CREATE UNLOGGED TABLE quotes AS SELECT 1 AS id; CREATE TABLE orders AS SELECT 2 AS id', 'trading');
  await using standby = await server.standby();
  const connection = { host: standby.host, port: standby.port, user: 'postgres' };
  await machine.setPolicy({ sources: { db: { type: 'postgres', connection, databases: ['trading'] } } });
  assert.deepEqual(named(await machine.call(['run', '--json'])), ['trading.public.quotes: POSTGRES_UNLOGGED']);
  assert.equal(
    documentOf<RestoreReport>(await restored(here, `postgresql://postgres@${standby.host}:${standby.port}/copy`))
      .failure?.code,
    'POSTGRES_READ_ONLY',
  );
});
