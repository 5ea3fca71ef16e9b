import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

/** Whatever table is made in this database has its rows changed on their way in, while their number stays. */
const MEDDLING = `
CREATE SCHEMA meddling;
CREATE FUNCTION meddling.change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF NEW.id = 700 THEN NEW.note := 'changed'; END IF; RETURN NEW; END $$;
CREATE FUNCTION meddling.add() RETURNS event_trigger LANGUAGE plpgsql AS
  $$ BEGIN CREATE TRIGGER change BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION meddling.change(); END $$;
CREATE EVENT TRIGGER add ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION meddling.add();`;

for (const readBack of [true, false])
  test(`rows that are changed on their way in ${readBack ? 'are found, and not kept' : 'are found only by reading them back'}`, {
    skip,
  }, async () => {
    await using here = await DatabaseMachine.create({ databases: ['shop'], readBack });
    here.server.query('CREATE DATABASE shop');
    here.server.query(
      "CREATE TABLE orders (id int, note text); INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 1000) i",
      'shop',
    );
    await here.machine.ask(['run']);
    here.server.query('CREATE DATABASE copy');
    here.server.query(MEDDLING, 'copy');
    const into = ['--into', 'postgresql:///copy', '--conflict', 'skip'];
    const ended = await here.machine.call(['restore', 'db', ...into, '--json']);
    const { failure } = documentOf<RestoreReport>(ended);
    const rows = here.server.query('SELECT count(*) FROM orders', 'copy');
    if (!readBack) {
      assertExit(ended, 0);
      assert.equal(rows, '1000');
      return;
    }
    assert.equal(failure?.code, 'RESTORE_DIFFERS');
    assert.match(failure.message, /public\.orders.*1000 rows went in, and 1000 came out that are not those/);
    assert.equal(rows, '0', 'nothing of them is kept');
  });
