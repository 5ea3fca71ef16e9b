/** A restore by somebody who may not give things away. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PostgresServer } from '../../services/postgres.ts';
import { assertExit } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

test('with --no-owner all belongs to who restores, a role that owns nothing else and may make databases', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.create({ databases: ['trading'] });
  const { machine, server } = here;
  server.query('CREATE ROLE clerk');
  server.query('CREATE DATABASE trading OWNER clerk');
  server.query(
    `SET ROLE clerk;
     CREATE SCHEMA books; CREATE TYPE books.side AS ENUM ('buy', 'sell'); CREATE TABLE books.orders (id serial PRIMARY KEY, side books.side);
     CREATE VIEW books.buying AS SELECT * FROM books.orders WHERE side = 'buy';
     CREATE FUNCTION books.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
     INSERT INTO books.orders (side) VALUES ('buy'), ('sell')`,
    'trading',
  );
  await machine.ask(['run']);
  await using target = await PostgresServer.start();
  target.query('CREATE ROLE dev LOGIN CREATEDB');
  const into = `postgresql://dev@${target.host}:${target.port}`;
  const restore = (...more: readonly string[]) => machine.call(['restore', 'db', '--into', into, ...more]);
  assertExit(await restore(), 77);
  assertExit(await restore('--no-owner'), 0);
  const owners = `SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'books'::regnamespace
    UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'trading'
    UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'books'`;
  assert.equal(target.query(owners, 'trading'), 'dev');
  assert.equal(target.query('SELECT count(*) FROM books.orders', 'trading'), '2');
  assert.equal(target.query("SELECT count(*) FROM pg_roles WHERE rolname = 'clerk'"), '0');
  const folder = machine.place('scripts');
  assertExit(await machine.call(['restore', 'db', '--into', folder, '--no-owner']), 64);
  assertExit(await machine.call(['restore', 'db', '--into', folder, '--no-owner', '--format', 'plain']), 0);
  assert.doesNotMatch(await readFile(join(folder, 'trading.sql'), 'utf8'), /clerk;/);
});
