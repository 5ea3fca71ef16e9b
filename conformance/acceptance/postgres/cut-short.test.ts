/** What ends in the middle: the room on a target while a database is read, the server while it is restored to. */
import assert from 'node:assert/strict';
import { statfs } from 'node:fs/promises';
import { test } from 'node:test';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { Mounts } from '../../faults/mounts.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { Machine } from '../machine.ts';
import { assertExit, documentOf, type Ended, until } from '../program.ts';
import { withoutPostgres as skip } from './database-machine.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
function fill(server: PostgresServer): void {
  server.query('CREATE DATABASE trading');
  server.query(
    `CREATE TABLE orders (id integer PRIMARY KEY, note text);
     INSERT INTO orders SELECT i, (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 16) j) FROM generate_series(1, 20000) i`,
    'trading',
  );
}

const policyOf = ({ host, port }: PostgresServer) => ({
  sources: { db: { type: 'postgres', connection: { host, port, user: 'postgres' }, databases: ['trading'] } },
});

function dump(server: PostgresServer, database: string): string {
  return server.run('pg_dump', ['--restrict-key=test'], database);
}

const databases = (server: PostgresServer) => server.query('SELECT datname FROM pg_database ORDER BY 1');

function failureOf(ended: Ended) {
  const said = documentOf<Partial<RestoreReport> & { readonly runs?: readonly RunReport[] }>(ended);
  return said.failure ?? said.runs?.[0]?.failure ?? assert.fail(ended.stderr);
}

test('a target that is full while a database is read: no snapshot, and the next run with room is good', {
  skip,
}, async () => {
  await using server = await PostgresServer.start();
  fill(server);
  await using machine = await Machine.create(policyOf(server));
  await using mounts = await Mounts.open();
  const { repository } = machine;
  const whole = machine.place('whole');
  mounts.run('cp', '-a', repository, whole);
  mounts.memory(repository);
  mounts.run('cp', '-a', `${whole}/.`, repository);
  const through = mounts.through(machine.folder);
  const { bsize, blocks, bfree } = await statfs(mounts.inside(repository));
  mounts.remount(repository, `size=${((blocks - bfree) * bsize + MiB) / KiB}k`);
  const ended = await machine.call(['run', '--json'], { through });
  assertExit(ended, 1);
  const { code, message, hint } = failureOf(ended);
  assert.equal(code, 'TARGET_FULL', message);
  assert.match(message, /^target local: packs\/\S+: .*no space/);
  assert.match(hint ?? '', /\w+ \w+/);
  assert.equal(mounts.run('find', repository, '-type', 'f', '-path', '*/snapshots/*'), '');
  assert.equal(
    server.query(
      "SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = 'trading')",
    ),
    '0',
  );
  mounts.remount(repository, 'size=200m');
  await machine.ask(['run'], { through });
  await machine.ask(['restore', 'db', '--into', 'postgresql:///copy'], { through });
  assert.equal(dump(server, 'copy'), dump(server, 'trading'));
});

test('a server that stops while it is restored to: that is told, and what is left is named, until the next restore', {
  skip,
}, async () => {
  await using server = await PostgresServer.start();
  fill(server);
  await using machine = await Machine.create(policyOf(server));
  await machine.ask(['run']);
  const child = machine.start(['restore', 'db', '--into', 'postgresql:///copy', '--json']);
  await until(child, () => databases(server).includes('holdfast_restoring_copy'));
  await server.pause('immediate');
  const ended = await child.ended;
  assertExit(ended, 1);
  const { message } = failureOf(ended);
  assert.match(message, /holdfast_restoring_copy/);
  await server.resume();
  await machine.ask(['restore', 'db', '--into', 'postgresql:///copy']);
  assert.equal(dump(server, 'copy'), dump(server, 'trading'));
  assert.ok(!databases(server).includes('holdfast_restoring'));
});
