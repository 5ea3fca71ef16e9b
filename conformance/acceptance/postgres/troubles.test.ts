/** What goes wrong between the agent and a server: each is told for what it is, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { HeldRelay } from '../../faults/held-relay.ts';
import { assertExit, type Child, documentOf, type Ended } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

let here: DatabaseMachine;
const database = 'trading';

before(async () => {
  if (skip !== false) return;
  here = await DatabaseMachine.create({ databases: [database] });
  here.server.query(`CREATE DATABASE ${database}`);
  here.server.query(
    `CREATE TABLE accounts (id integer PRIMARY KEY, name text);
     CREATE TABLE orders (id integer PRIMARY KEY, account integer REFERENCES accounts, note text);
     INSERT INTO accounts SELECT i, 'account ' || i FROM generate_series(1, 100) i;
     INSERT INTO orders SELECT i, 1 + i % 100, repeat(md5(i::text), 40) FROM generate_series(1, 100000) i;
     CREATE ROLE reader LOGIN PASSWORD 'right';
     GRANT SELECT ON accounts TO reader`,
    database,
  );
});
after(() => here?.[Symbol.asyncDispose]());

const source = (more: object = {}, connection: object = {}) => {
  const { host, port } = here.server;
  return {
    db: {
      type: 'postgres',
      connection: { host, port, user: 'postgres', ...connection },
      databases: [database],
      ...more,
    },
  };
};

async function run(exit: number): Promise<{ report: RunReport; ended: Ended }> {
  const ended = await here.machine.call(['run', '--json']);
  assert.equal(ended.exit, exit, ended.stderr);
  const [report] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  return { report: report ?? assert.fail(), ended };
}

/** Sessions, transactions and locks of ours that the server still knows. */
function left(): string {
  return here.server.query(
    "SELECT pid, state, query FROM pg_stat_activity WHERE application_name = 'holdfast' OR application_name LIKE 'pg_dump%'",
  );
}

/** A run that has got some rows of the table, and gets no more until they are released: there are more than buffers between hold. */
async function whileRowsAreRead(relay: HeldRelay): Promise<Child> {
  // As the agent asks for them: pg_dump does otherwise, and is cut off where rows begin.
  const held = relay.hold(/COPY public\.orders .* WITH \(ENCODING/, 2 ** 20);
  const child = here.machine.start(['run', '--json']);
  await Promise.race([held, child.ended.then(({ stderr }) => assert.fail(`it ended before:\n${stderr}`))]);
  return child;
}

async function nothingLeft(): Promise<void> {
  for (let i = 0; left() !== '' && i < 500; i++) await setTimeout(20);
  assert.equal(left(), '');
}

test('a wrong password is told as one, and is in no message', { skip }, async () => {
  const { server, machine } = here;
  await server.allow([
    'host all reader 127.0.0.1/32 scram-sha-256',
    'host all all 127.0.0.1/32 trust',
    'local all all trust',
  ]);
  await machine.setPolicy({ sources: source({}, { user: 'reader', password: { env: 'DB_PASSWORD' } }) });
  const ended = await machine.call(['run', '--json'], { env: { DB_PASSWORD: 'wr0ng-and-secret' } });
  assertExit(ended, 77);
  const [report] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.equal(report?.failure?.code, 'POSTGRES_LOGIN', ended.stderr);
  assert.ok(!`${ended.stdout}${ended.stderr}`.includes('wr0ng-and-secret'));
  const { host, port } = server;
  const into = `postgresql://reader@${host}:${port}/copy`;
  await machine.setPolicy({ sources: source({}, { user: 'reader' }) });
  assert.equal((await run(77)).report.failure?.code, 'POSTGRES_LOGIN', 'no password, and one is asked for');
  assert.equal((await machine.snapshots()).length, 0);
  await machine.setPolicy({ sources: source() });
  await run(0);
  assertExit(await machine.call(['restore', 'db', '--into', into]), 77);
});

test('a variable without a password in it is named, and nothing is said of keys', { skip }, async () => {
  const { machine } = here;
  await machine.setPolicy({ sources: source({}, { user: 'reader', password: { env: 'DB_PASSWORD' } }) });
  for (const env of [{}, { DB_PASSWORD: '' }]) {
    const ended = await machine.call(['run', '--json'], { env });
    assertExit(ended, 77);
    const [report] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
    assert.equal(report?.failure?.code, 'SECRET_MISSING', ended.stderr);
    assert.match(report.failure.message, /variable DB_PASSWORD.* is (not set|empty)/);
    assert.match(report.failure.hint ?? '', /^Set DB_PASSWORD/);
    assert.doesNotMatch(ended.stderr, /holdfast keys/);
  }
});

test('a table that the user may not read is named; the rest is captured, and the run is incomplete', {
  skip,
}, async () => {
  const { machine } = here;
  await machine.setPolicy({ sources: source({}, { user: 'reader', password: { env: 'DB_PASSWORD' } }) });
  const ended = await machine.call(['run', '--json'], { env: { DB_PASSWORD: 'right' } });
  assert.equal(ended.exit, 3, ended.stderr);
  const [report] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.deepEqual(
    report?.skipped.map(({ what, failure }) => [what, failure.code]),
    [['trading.public.orders', 'POSTGRES_DENIED']],
  );
  assert.ok(report?.artifacts.some(({ name }) => name === 'trading/public/accounts'));
  await nothingLeft();
});

test('a pg_dump that is older than the server, or none, is told before anything is read', { skip }, async () => {
  const { machine } = here;
  const folder = machine.place('programs');
  await mkdir(folder);
  await machine.setPolicy({ sources: source({ programs: folder }) });
  assert.equal((await run(1)).report.failure?.code, 'PG_DUMP_MISSING');
  await writeFile(join(folder, 'pg_dump'), '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n');
  await chmod(join(folder, 'pg_dump'), 0o755);
  const { report } = await run(1);
  assert.equal(report.failure?.code, 'PG_DUMP_OLD');
  assert.match(report.failure?.message ?? '', /9\.6\.24/);
  await nothingLeft();
});

test('a server that is not there is told as one that cannot be reached', { skip }, async () => {
  await here.machine.setPolicy({ sources: source({}, { port: 1 }) });
  const { report } = await run(1);
  assert.equal(report.failure?.code, 'POSTGRES_UNREACHABLE');
});

test('names that are not there are named', { skip }, async () => {
  await here.machine.setPolicy({
    sources: source(),
    jobs: { db: { source: 'db', select: { tables: ['accounts', 'acounts'] } } },
  });
  const { report } = await run(3);
  assert.deepEqual(
    report.skipped.map(({ what }) => what),
    ['acounts'],
  );
  assert.ok(!report.artifacts.some(({ name }) => name.endsWith('/orders')));
});

for (const [how, act] of [
  ['the server is restarted', () => here.server.pause('fast').then(() => here.server.resume())],
  ['the server crashes', () => here.server.pause('immediate').then(() => here.server.resume())],
  [
    'connections are cut',
    async () =>
      here.server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast'"),
  ],
] as const) {
  test(`while rows are read, ${how}: the run has failed, no snapshot is made, and the next run is good`, {
    skip,
  }, async () => {
    const { machine, server } = here;
    await using relay = await HeldRelay.open(server.port);
    await machine.setPolicy({ sources: source({}, { port: relay.port }) });
    const before = (await machine.snapshots()).length;
    const child = await whileRowsAreRead(relay);
    await act();
    relay.release();
    const ended = await child.ended;
    assert.equal(ended.exit, 1, ended.stdout);
    const [report] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
    assert.equal(report?.failure?.code, 'POSTGRES_STOPPED', ended.stderr);
    assert.match(report.failure.message, /of trading/);
    assert.equal((await machine.snapshots()).length, before);
    assert.equal((await run(0)).report.verdict, 'ok');
    await nothingLeft();
  });
}

test('a run that is cancelled leaves no session, snapshot or lock', { skip }, async () => {
  const { machine, server } = here;
  await using relay = await HeldRelay.open(server.port);
  await machine.setPolicy({ sources: source({}, { port: relay.port }) });
  const before = (await machine.snapshots()).length;
  const child = await whileRowsAreRead(relay);
  const locks = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'orders'::regclass";
  assert.equal(server.query(locks, database), 't');
  child.signal('SIGINT');
  // The server goes on waiting for somebody to take its rows: the agent does not wait for that.
  assert.equal((await child.ended).exit, 130);
  await nothingLeft();
  assert.equal(server.query(locks, database), 'f');
  assert.equal((await machine.snapshots()).length, before);
  await machine.setPolicy({ sources: source() });
});

test('a database that is not empty is left as it is', { skip }, async () => {
  const { machine } = here;
  for (const into of ['postgresql:', 'postgresql:///trading']) {
    const ended = await machine.call(['restore', 'db', '--into', into, '--json']);
    assert.equal(ended.exit, 1, ended.stderr);
    assert.equal(documentOf<RestoreReport>(ended).failure?.code, 'RESTORE_CONFLICT');
  }
  await nothingLeft();
});
