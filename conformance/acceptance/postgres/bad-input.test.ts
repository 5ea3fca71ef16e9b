/** What others do to a database while a backup of it begins: it has one point, or says why it has none. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import { HeldRelay } from '../../faults/held-relay.ts';
import { assertExit, type Child, documentOf, type Ended, until } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

let here: DatabaseMachine;

before(async () => {
  if (skip === false) here = await DatabaseMachine.create({ databases: ['everything'] });
});
after(() => here?.[Symbol.asyncDispose]());

/** From the same start each time. */
function begin(): void {
  here.server.query('DROP DATABASE IF EXISTS everything WITH (FORCE)');
  here.server.query('CREATE DATABASE everything');
  here.server.query(
    `CREATE TABLE accounts (id integer PRIMARY KEY, name text);
     CREATE TABLE orders (id integer PRIMARY KEY, note text, other text);
     INSERT INTO accounts SELECT i, 'account ' || i FROM generate_series(1, 100) i;
     INSERT INTO orders SELECT i, md5(i::text), 'other ' || i FROM generate_series(1, 500) i`,
    'everything',
  );
}

/** Somebody else, who has begun a transaction, and done this in it. */
async function somebody(...statements: readonly string[]): Promise<pg.Client & AsyncDisposable> {
  const { host, port } = here.server;
  const client = new pg.Client({ host, port, user: 'postgres', database: 'everything', application_name: 'migration' });
  await client.connect();
  for (const statement of ['BEGIN', ...statements]) await client.query(statement);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** Until the agent stands behind a lock; then its snapshot was made. `pid`: by another process than that one. */
async function waits(child: Child, pid = '0'): Promise<string> {
  let found = '';
  await until(child, () => {
    found = here.server.query(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'holdfast' AND wait_event_type = 'Lock' AND pid <> ${pid}`,
    );
    return found !== '';
  });
  return found;
}

function reportOf(ended: Ended, exit: number): RunReport {
  assertExit(ended, exit);
  return documentOf<{ runs: readonly RunReport[] }>(ended).runs[0] ?? assert.fail();
}

const changes: Readonly<Record<string, readonly string[]>> = {
  'a table is emptied': ['TRUNCATE orders'],
  'a table is dropped': ['DROP TABLE orders'],
  'a table is written anew': ['ALTER TABLE orders ALTER id TYPE bigint'],
  'a column is added': ["ALTER TABLE orders ADD COLUMN more text DEFAULT 'more'"],
  'a column is dropped': ['ALTER TABLE orders DROP COLUMN note'],
  'a column is dropped and made again': [
    'ALTER TABLE orders DROP COLUMN other, ADD COLUMN other text',
    "UPDATE orders SET other = 'new'",
  ],
  'two columns change names': [
    'ALTER TABLE orders RENAME note TO third',
    'ALTER TABLE orders RENAME other TO note',
    'ALTER TABLE orders RENAME third TO other',
  ],
  'a table takes the place of another': [
    'ALTER TABLE orders RENAME TO orders_before',
    'CREATE TABLE orders (id integer, note text, other text)',
    'INSERT INTO orders SELECT * FROM orders_before',
  ],
  'a table is dropped and made again': [
    'DROP TABLE orders',
    'CREATE TABLE orders (id integer, note text, other text)',
    "INSERT INTO orders VALUES (1, 'one', 'only')",
  ],
};

for (const [what, statements] of Object.entries(changes)) {
  for (const end of what === 'a table is emptied' ? ['COMMIT', 'ROLLBACK'] : ['COMMIT']) {
    test(`${what} while a backup begins, ${end}: what is captured is the database at one point`, { skip }, async () => {
      const { machine, server } = here;
      begin();
      await using other = await somebody(...statements);
      const child = machine.start(['run', '--json']);
      await waits(child);
      await other.query(end);
      reportOf(await child.ended, 0);
      await machine.ask(['restore', 'db', '--into', 'postgresql:///back']);
      assert.equal(here.dump('back'), here.dump('everything'));
      server.query('DROP DATABASE back');
    });
  }
}

test('a table that is locked throughout: who holds which is said after half a minute', { skip }, async () => {
  const { machine } = here;
  begin();
  const before = (await machine.snapshots()).length;
  await using other = await somebody('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
  const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ended = await machine.call(['run', '--json']);
  const { failure } = reportOf(ended, 1);
  assert.equal(failure?.code, 'POSTGRES_LOCKED', ended.stderr);
  assert.match(
    failure.message,
    new RegExp(`everything, public\\.orders .* ${rows[0]?.pid} \\(migration of postgres\\)`),
  );
  assert.match(failure.hint ?? '', new RegExp(`pg_terminate_backend\\(${rows[0]?.pid}\\)`));
  assert.equal((await machine.snapshots()).length, before);
});

test('whoever queues for a table between the locks of pg_dump and ours comes first, and the backup after', {
  skip,
}, async () => {
  const { machine, server } = here;
  begin();
  // More than pg_dump can write before somebody takes it: it does not end by itself.
  here.server.query("INSERT INTO accounts SELECT i, repeat('x', 1000) FROM generate_series(101, 2000) i", 'everything');
  await using relay = await HeldRelay.open(server.port);
  await here.reach({ port: relay.port });
  // Of all that is connected only pg_dump asks for policies, and when it does it has locked what it dumps.
  const held = relay.hold(/pg_catalog\.pg_policy/, 0);
  const child = machine.start(['run', '--json']);
  await Promise.race([held, child.ended.then(({ stderr }) => assert.fail(`it ended before:\n${stderr}`))]);
  await using other = await somebody();
  const locked = other.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
  await until(child, () => waiting('migration'));
  relay.release();
  await locked;
  await other.query('TRUNCATE orders');
  await other.query('COMMIT');
  reportOf(await child.ended, 0);
  await machine.ask(['restore', 'db', '--into', 'postgresql:///back']);
  assert.equal(here.dump('back'), here.dump('everything'));
});

function waiting(name: string): boolean {
  const sql = `SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = '${name}' AND wait_event_type = 'Lock'`;
  return here.server.query(sql) === 't';
}
