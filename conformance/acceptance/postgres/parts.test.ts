/** Any table, into the same or another database that runs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

let here: DatabaseMachine;

before(async () => {
  if (skip !== false) return;
  here = await DatabaseMachine.of('trading');
  here.server.query(
    `CREATE TYPE side AS ENUM ('buy', 'sell');
     CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := NEW.note || '!'; RETURN NEW; END $$;
     CREATE TABLE accounts (id integer PRIMARY KEY, name text UNIQUE);
     CREATE TABLE orders (id serial PRIMARY KEY, account integer NOT NULL REFERENCES accounts, side side DEFAULT 'buy', note text);
     CREATE INDEX orders_account ON orders (account);
     CREATE TRIGGER touched BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touched();
     COMMENT ON COLUMN orders.note IS 'a note';
     CREATE TABLE fills (id bigint GENERATED ALWAYS AS IDENTITY, order_id integer REFERENCES orders, PRIMARY KEY (id));
     CREATE TABLE trades (at date, n integer) PARTITION BY RANGE (at);
     CREATE TABLE trades_1 PARTITION OF trades FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
     CREATE TABLE trades_2 PARTITION OF trades FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
     CREATE VIEW buying AS SELECT * FROM orders WHERE side = 'buy';
     CREATE TABLE notes (id integer, text text);
     INSERT INTO notes SELECT i, repeat('x', i * 7919 % 1900) FROM generate_series(1, 2000) i;
     INSERT INTO accounts SELECT i, 'account ' || i FROM generate_series(1, 20) i;
     INSERT INTO orders (account, note) SELECT 1 + i % 20, 'note ' || i FROM generate_series(1, 200) i;
     INSERT INTO fills (order_id) SELECT id FROM orders;
     INSERT INTO trades SELECT '2026-01-01'::date + i, i FROM generate_series(0, 57) i`,
    'trading',
  );
  await here.machine.ask(['run']);
});
after(() => here?.[Symbol.asyncDispose]());

let next = 0;

/** A database of its own, filled by `sql`. */
function another(sql = ''): string {
  const name = `copy_${next++}`;
  here.server.query(`CREATE DATABASE ${name}`);
  if (sql !== '') here.server.query(sql, name);
  return name;
}

async function restore(
  database: string,
  parts: readonly string[],
  more: readonly string[] = [],
  exit = 0,
): Promise<RestoreReport> {
  const args = ['restore', 'db', ...parts, '--into', `postgresql:///${database}`, ...more, '--json'];
  const ended = await here.machine.call(args);
  assertExit(ended, exit);
  return documentOf<RestoreReport>(ended);
}

const relations =
  "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'i', 'S')";

test('two tables into a new database: with all they need, all that belongs to them, and nothing else', {
  skip,
}, async () => {
  await restore('fresh', ['accounts', 'orders']);
  const { server } = here;
  assert.equal(
    server.query(relations, 'fresh'),
    'accounts accounts_name_key accounts_pkey orders orders_account orders_id_seq orders_pkey',
  );
  const rows = 'SELECT * FROM orders ORDER BY id';
  assert.equal(server.query(rows, 'fresh'), server.query(rows, 'trading'));
  server.query("INSERT INTO orders (account, note) VALUES (1, 'new')", 'fresh');
  assert.equal(server.query('SELECT id, note FROM orders ORDER BY id DESC LIMIT 1', 'fresh'), '201|new!');
  assert.match(server.query("SELECT col_description('orders'::regclass, 4)", 'fresh'), /a note/);
  assert.throws(() => server.query('INSERT INTO orders (account) VALUES (99)', 'fresh'), /foreign key/);
});

test('a partitioned table is meant by its name, or one of its partitions by that', { skip }, async () => {
  const all = another();
  await restore(all, ['trades']);
  assert.equal(here.server.query('SELECT count(*), count(DISTINCT tableoid) FROM trades', all), '58|2');
  const one = another();
  const { facts } = await restore(one, ['trades_1']);
  assert.deepEqual((facts as { without?: unknown }).without, [
    'trading.public.trades_2, a part of trading.public.trades',
  ]);
  assert.equal(here.server.query('SELECT count(*) FROM trades_1', one), '31');
  const more = await restore(one, ['trades'], ['--conflict', 'skip']);
  assert.deepEqual(more.facts, { ...(more.facts as object), left: ['trading/public/trades_1'], tables: 1 });
  assert.ok(!JSON.stringify(more.facts).includes('without'));
});

test('a foreign key to a table that is neither restored nor there is left out, and said: the restore is incomplete', {
  skip,
}, async () => {
  const name = another();
  const report = await restore(name, ['fills'], [], 3);
  assert.deepEqual(
    report.skipped.map(({ failure }) => failure.code),
    ['RESTORE_REFERENCE'],
  );
  assert.equal(here.server.query('SELECT count(*), max(id) FROM fills', name), '200|200');
});

test('into a database with a table of that name nothing is done, unless it is said what becomes of it', {
  skip,
}, async () => {
  const name = another(
    "CREATE TABLE accounts (id integer PRIMARY KEY, name text UNIQUE); INSERT INTO accounts VALUES (1, 'mine'), (77, 'more')",
  );
  const refused = await restore(name, ['accounts', 'orders'], [], 1);
  assert.equal(refused.failure?.code, 'RESTORE_CONFLICT');
  assert.equal(here.server.query(relations, name), 'accounts accounts_name_key accounts_pkey');
  const planned = await restore(name, ['accounts', 'orders'], ['--conflict', 'replace', '--dry-run']);
  assert.ok(
    planned.steps.some((step) => /replace the rows of trading\/public\/accounts/.test(step)),
    planned.steps.join('\n'),
  );
  assert.equal(here.server.query('SELECT count(*) FROM accounts', name), '2');
  await restore(name, ['accounts'], ['--conflict', 'skip']);
  assert.equal(here.server.query('SELECT count(*) FROM accounts', name), '2');
  await restore(name, ['accounts', 'orders'], ['--conflict', 'replace']);
  assert.equal(here.server.query('SELECT count(*), max(name) FROM accounts', name), '20|account 9');
  assert.equal(here.server.query('SELECT count(*) FROM orders', name), '200');
});

test('rows are replaced in one transaction, without triggers, and not where that would break a foreign key', {
  skip,
}, async () => {
  const name = 'live';
  await restore(name, ['trading/']);
  const { server } = here;
  server.query(
    "DELETE FROM fills; UPDATE orders SET note = 'changed'; INSERT INTO accounts VALUES (500, 'five hundred'); INSERT INTO orders (account, note) VALUES (500, 'x')",
    name,
  );
  const refused = await restore(name, ['accounts'], ['--conflict', 'replace'], 1);
  assert.equal(refused.failure?.code, 'RESTORE_REFERENCE');
  assert.equal(server.query('SELECT count(*) FROM accounts', name), '21');
  await restore(name, ['accounts', 'orders', 'fills'], ['--conflict', 'replace']);
  const rows = 'SELECT * FROM orders ORDER BY id';
  assert.equal(server.query(rows, name), server.query(rows, 'trading'));
  assert.equal(server.query('SELECT count(*) FROM fills', name), '200');
  server.query("INSERT INTO orders (account, note) VALUES (1, 'new')", name);
  assert.equal(server.query('SELECT max(id) FROM orders', name), '202', 'no number is given twice');
});

test('rows that find room among others are read back whatever their order', { skip }, async () => {
  const name = 'sparse';
  await restore(name, ['notes']);
  const { server } = here;
  server.query('DELETE FROM notes WHERE id % 3 = 0', name);
  server.query('VACUUM notes', name);
  await restore(name, ['notes'], ['--conflict', 'replace']);
  const rows = 'SELECT * FROM notes ORDER BY id';
  assert.equal(server.query(rows, name), server.query(rows, 'trading'));
  const order = 'SELECT id FROM notes';
  assert.notEqual(server.query(order, name), server.query(order, 'trading'), 'they are in another order');
});

test('a table whose foreign key refers to one that is there has it, and its rows can be replaced alone', {
  skip,
}, async () => {
  const name = another();
  await restore(name, ['accounts']);
  await restore(name, ['orders']);
  await restore(name, ['orders'], ['--conflict', 'replace']);
  assert.throws(() => here.server.query('INSERT INTO orders (account) VALUES (99)', name), /foreign key/);
});

test('a table that is not in the snapshot is named', { skip }, async () => {
  const name = another();
  const report = await restore(name, ['accounts', 'acounts'], [], 3);
  assert.deepEqual(
    report.skipped.map(({ what }) => what),
    ['acounts'],
  );
  const nothing = await restore(name, ['nowhere'], [], 64);
  assert.equal(nothing.failure?.code, 'NOTHING_SELECTED');
});
