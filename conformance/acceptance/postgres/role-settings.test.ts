/** What a role or a database is set to holds for people who work with it, not for a backup of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertExit } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const LIMITS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];

test('limits of a role that nothing could be done within hold neither for a backup nor for a restore', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  server.query(
    `CREATE TABLE accounts (id integer PRIMARY KEY);
     CREATE TABLE orders (id integer PRIMARY KEY, account integer REFERENCES accounts, note text);
     INSERT INTO accounts SELECT generate_series(1, 100);
     INSERT INTO orders SELECT i, 1 + i % 100, md5(i::text) FROM generate_series(1, 20000) i;
     CREATE INDEX notes ON orders (note)`,
    'trading',
  );
  server.query('CREATE ROLE holdfast LOGIN SUPERUSER');
  for (const name of LIMITS) server.query(`ALTER ROLE holdfast SET ${name} = '1ms'`);
  server.query('ALTER ROLE holdfast SET default_transaction_read_only = on');
  await here.reach({ user: 'holdfast' });
  assertExit(await machine.call(['run']), 0);
  assertExit(await machine.call(['restore', 'db', '--into', 'postgresql:///copy']), 0);
  assert.equal(server.query('SELECT count(*), sum(id) FROM orders', 'copy'), '20000|200010000');
});
