import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

/** Some 40 MB: enough that its indexes are made while the other table is filled. */
const TABLES = `
CREATE TABLE small (id int PRIMARY KEY);
CREATE TABLE large (id int PRIMARY KEY, small int NOT NULL REFERENCES small, filling text NOT NULL);
INSERT INTO small SELECT generate_series(1, 100);
INSERT INTO large SELECT i, 1 + i % 100, repeat(md5(i::text), 12) FROM generate_series(1, 100000) i;
CREATE INDEX by_small ON large (small);
CREATE INDEX by_filling ON large (left(filling, 8)) WHERE id % 2 = 0;
CREATE TABLE parts (id int, filling text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (100000);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (100000) TO (200000);
INSERT INTO parts SELECT i, repeat(md5(i::text), 12) FROM generate_series(1, 100000) i;
CREATE INDEX parts_by_filling ON parts (left(filling, 8));
CREATE MATERIALIZED VIEW counted AS SELECT small, count(*) FROM large GROUP BY small;
CREATE UNIQUE INDEX counted_by_small ON counted (small);`;

async function logging({ server }: DatabaseMachine, statements: 'all' | 'none'): Promise<void> {
  await server.set({ log_statement: statements });
  server.query('SELECT pg_reload_conf()');
}

for (const readBack of [true, false])
  test(`large tables come back with all their indexes${readBack ? '' : ', without being read back'}`, {
    skip,
  }, async () => {
    await using here = await DatabaseMachine.create({ databases: ['everything'], readBack });
    here.server.query('CREATE DATABASE everything');
    here.server.query(TABLES, 'everything');
    await here.machine.ask(['run']);
    const reads = () => here.server.log.split('\n').filter((line) => /statement: COPY .* TO stdout/.test(line)).length;
    await logging(here, 'all');
    const report = await here.machine.ask<RestoreReport>(['restore', 'db', '--into', 'postgresql:///copy']);
    // Of what waits for a program, its log is not read meanwhile, and the server waits when there is too much of it.
    await logging(here, 'none');
    assert.equal(report.verdict, 'ok');
    assert.equal(reads(), readBack ? 4 : 0);
    assert.match(JSON.stringify(report.facts), readBack ? /read back from the server, are/ : /sent to the server, are/);
    assert.ok(here.dump('copy') === here.dump('everything'), 'pg_dump says the same of both');
    const visible = `ANALYZE large; SELECT relpages > 0 AND relallvisible = relpages FROM pg_class WHERE relname = 'large'`;
    assert.equal(here.server.query(visible, 'copy'), 't', 'nobody has to find out that everybody sees its rows');
  });
