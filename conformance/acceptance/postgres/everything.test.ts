import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

let here: DatabaseMachine;
let first: RunReport | undefined;
let original = '';
/** Where the log stood before the first run. */
let stood = '';

before(async () => {
  if (skip !== false) return;
  here = await DatabaseMachine.create({ databases: ['everything'] });
  here.fillWithEverything();
  original = here.dump('everything');
  stood = here.server.query('SELECT pg_current_wal_lsn()');
  first = await run();
});
after(() => here?.[Symbol.asyncDispose]());

async function run(): Promise<RunReport | undefined> {
  return (await here.machine.ask<{ runs: readonly RunReport[] }>(['run'])).runs[0];
}

test('a database with everything is restored under another name: pg_dump says the same of both', { skip }, async () => {
  assert.equal(first?.verdict, 'ok');
  const report = await here.machine.ask<RestoreReport>(['restore', 'db', '--into', 'postgresql:///copy']);
  assert.equal(report.verdict, 'ok');
  assertSame(here.dump('copy'), original);
});

test('what it has is what the verdict says: rows by table, where the log stood', { skip }, async () => {
  const rows = Object.fromEntries((first?.artifacts ?? []).map(({ name, facts }) => [name, facts]));
  assert.deepEqual(rows['everything/books/orders'], { rows: 500 });
  assert.deepEqual(rows['everything/public/no_columns'], { rows: 2 });
  assert.deepEqual(rows['everything/.large-objects'], { count: 3 });
  const { databases } = (first?.facts ?? {}) as { readonly databases?: Record<string, { lsn: string }> };
  const { lsn = '' } = databases?.['everything'] ?? {};
  const ask = (sql: string) => here.server.query(`SELECT ${sql}`);
  assert.equal(ask(`'${lsn}'::pg_lsn >= '${stood}' AND '${lsn}'::pg_lsn <= pg_current_wal_lsn()`), 't', lsn);
});

test('a second backup of the same stores next to nothing', { skip }, async (t) => {
  const second = await run();
  const [before = 0, now = 0] = [first, second].map((report) => report?.totals.newBytes);
  t.diagnostic(`${before} bytes were new, then ${now}`);
  assert.ok(now < before / 100);
});

test('exported, it is what pg_restore takes: as a script it is what pg_dump would have written', { skip }, async () => {
  await here.machine.ask(['restore', 'db', '--into', here.machine.place('exported')]);
  const file = join(here.machine.place('exported'), 'everything.dump');
  const args = ['--create', '--restrict-key=test', '--file=-', file];
  const ended = spawnSync(join(here.server.programs, 'pg_restore'), args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  assert.equal(ended.stderr, '');
  assertSame(ended.stdout, original);
});

test('exported as a script, it is loaded by psql: pg_dump says the same of both', { skip }, async () => {
  const { server, machine } = here;
  await machine.ask(['restore', 'db', '--into', machine.place('script'), '--format', 'plain']);
  server.query('CREATE DATABASE scripted');
  const address = ['-h', server.host, '-p', `${server.port}`, '-U', 'postgres', '-d', 'scripted'];
  const script = join(machine.place('script'), 'everything.sql');
  const args = ['-Xq', '-v', 'ON_ERROR_STOP=1', ...address, '-o', '/dev/null', '-f', script];
  const ended = spawnSync(join(server.programs, 'psql'), args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  assert.equal(ended.status, 0, ended.stderr);
  // What is set of a database itself is no part of what is in it.
  const dump = (database: string) => server.run('pg_dump', ['--restrict-key=test'], database);
  assertSame(dump('scripted'), dump('everything'));
});

test('an archive that breaks off leaves no script, and says why', { skip }, async () => {
  const { machine } = here;
  const packs = [...(await machine.objects('packs'))].toSorted(([, a], [, b]) => b - a);
  const pack = join(machine.repository, packs[0]?.[0] ?? '');
  const bytes = readFileSync(pack);
  chmodSync(pack, 0o600);
  writeFileSync(
    pack,
    Buffer.concat([bytes.subarray(0, bytes.length >> 1), Buffer.alloc(bytes.length - (bytes.length >> 1))]),
  );
  const ended = await machine.call(['restore', 'db', '--into', machine.place('broken'), '--format', 'plain', '--json']);
  writeFileSync(pack, bytes);
  assertExit(ended, 1);
  const { failure } = documentOf<RestoreReport>(ended);
  assert.equal(failure?.origin, 'repository', JSON.stringify(failure));
  assert.deepEqual(
    readdirSync(machine.place('broken')).filter((name) => name !== 'globals.sql'),
    [],
  );
});

/** Without the diff of node:assert, which takes minutes for 100 MB. */
function assertSame(found: string, expected: string): void {
  if (found === expected) return;
  const [one, two] = [found.split('\n'), expected.split('\n')];
  const at = one.findIndex((line, i) => line !== two[i]);
  assert.fail(`line ${at + 1}:\n${(one[at] ?? '').slice(0, 300)}\n${(two[at] ?? '').slice(0, 300)}`);
}
