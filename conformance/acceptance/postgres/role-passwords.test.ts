import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const ROLES = `
CREATE ROLE holdfast LOGIN;
CREATE ROLE clerk LOGIN PASSWORD 'secret of clerk';
CREATE ROLE "Odd, Role" LOGIN;
CREATE ROLE keeper;
CREATE DATABASE trading;`;

const TABLE = `
CREATE TABLE orders AS SELECT generate_series(1, 9) AS id;
ALTER TABLE orders OWNER TO keeper;
GRANT SELECT ON orders TO holdfast, clerk, "Odd, Role";`;

for (const user of ['postgres', 'holdfast'] as const)
  test(`roles are made on another server, ${user === 'postgres' ? 'with passwords that a superuser read' : 'and it is said which have no password'}`, {
    skip,
  }, async () => {
    await using here = await DatabaseMachine.create({ databases: ['trading'] });
    const { machine, server } = here;
    server.query(ROLES);
    server.query(TABLE, 'trading');
    await here.reach({ user });
    const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
    assert.equal(runs[0]?.verdict, 'ok');
    assert.ok(
      JSON.stringify(runs[0]).includes(`"rolePasswords":${user === 'postgres'}`),
      JSON.stringify(runs[0]?.facts),
    );
    await using other = await PostgresServer.start();
    const into = `postgresql://postgres@${other.host}:${other.port}/trading`;
    const ended = await machine.call(['restore', 'db', '--into', into, '--json']);
    assertExit(ended, user === 'postgres' ? 0 : 3);
    const { skipped } = documentOf<RestoreReport>(ended);
    const told = skipped.map(({ what, failure: { code } }) => `${what}: ${code}`);
    const missing = [
      'password of role Odd, Role: ROLE_PASSWORD',
      'password of role clerk: ROLE_PASSWORD',
      'password of role holdfast: ROLE_PASSWORD',
    ];
    assert.deepEqual(told.toSorted(), user === 'postgres' ? [] : missing);
    assert.equal(
      other.query("SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'clerk'"),
      user === 'postgres' ? 't' : 'f',
    );
    assert.equal(other.query('SELECT tableowner FROM pg_tables WHERE tablename = $$orders$$', 'trading'), 'keeper');
    assert.ok(!JSON.stringify(ended).includes('secret of clerk'));
  });
