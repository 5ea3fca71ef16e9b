/** What each kind of column becomes: the server takes it, and gives back what was sent. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const faked = [
  'small',
  'medium',
  'large',
  'amount',
  'loose',
  'name',
  'code',
  'fixed',
  'uid',
  'day',
  'moment',
  'local',
  'hour',
];
const columns = {
  ...Object.fromEntries(faked.map((column) => [column, { with: 'fake' }])),
  padded: { with: 'hash', length: 8 },
  given: { with: 'constant', value: '1' },
};
const masks = { kinds: { key: { command: ['printf', '%s', 'k'.repeat(32)] }, rules: [{ table: '*', columns }] } };
const session =
  "SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 3;\n";

let here: DatabaseMachine;
before(async () => {
  if (skip === false) here = await DatabaseMachine.create({ databases: ['kinds'], masks });
});
after(() => here?.[Symbol.asyncDispose]());

test('the server takes all that is faked: ranges, unique columns and foreign keys hold', { skip }, async () => {
  const { server, machine } = here;
  server.query("CREATE DATABASE kinds ENCODING 'UTF8' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
  server.query(
    `${session}
     CREATE TABLE parents (small smallint, medium integer PRIMARY KEY, large bigint UNIQUE, amount numeric(12,2) UNIQUE, loose numeric UNIQUE,
       name text UNIQUE, code varchar(12) UNIQUE, fixed char(9), uid uuid UNIQUE, day date, moment timestamptz UNIQUE, local timestamp(3) UNIQUE,
       hour time, padded char(12), given numeric(9,2), kept integer);
     INSERT INTO parents SELECT (i * 17) % 65536 - 32768, (i * 715827::bigint) % 2147483647, i * 3074457345618258, (i * 7919 % 1000000) / 100.0 - 5000,
       i / 8.0, E'Zoë\\t\\\\N Ångström\\n' || i, 'c-' || i, 'F' || i, md5(i::text)::uuid, date '0001-01-01' + i * 240, 
       timestamptz '1999-12-31 23:59:59.75+00' + i * interval '40 hours 0.001 seconds', timestamp '2024-02-29' + i * interval '1 minute 0.5 second',
       time '00:00' + i * interval '28.8 seconds', 'p' || i, i, i FROM generate_series(1, 3000) i;
     INSERT INTO parents (medium, day, moment, large) VALUES (-2147483648, '-infinity', 'infinity', -9223372036854775808),
       (2147483647, '4714-11-24 BC', '4713-01-01 00:00:00 BC', 9223372036854775807), (0, '5874897-12-31', '294276-12-31 23:59:59.999999', 0);
     CREATE TABLE children (medium bigint REFERENCES parents (medium), loose integer REFERENCES parents (loose), name varchar(40) REFERENCES parents (name),
       code text REFERENCES parents (code), uid uuid REFERENCES parents (uid), local timestamp REFERENCES parents (local), kept integer);
     INSERT INTO children SELECT medium, CASE WHEN loose = trunc(loose) THEN loose::integer END, name, code, uid, local, kept FROM parents;`,
    'kinds',
  );
  const parents = server.query('SELECT md5(p::text) FROM (SELECT kept FROM parents ORDER BY 1) p', 'kinds');
  const before = server.query(
    'SELECT small, medium, large, amount, name, uid, day, moment FROM parents ORDER BY kept LIMIT 500',
    'kinds',
  );
  await machine.ask(['run']);
  const report = await machine.ask<RestoreReport>([
    'restore',
    'db',
    '--into',
    'postgresql:///masked',
    '--mask',
    'kinds',
  ]);
  assert.match(JSON.stringify(report.masked), /"part":"medium","with":"fake","values":300\d/);
  assert.equal(server.query('SELECT md5(p::text) FROM (SELECT kept FROM parents ORDER BY 1) p', 'masked'), parents);
  const after = server.query(
    'SELECT small, medium, large, amount, name, uid, day, moment FROM parents ORDER BY kept LIMIT 500',
    'masked',
  );
  const cells = (text: string) =>
    text.split(/[|\n]/).filter((cell) => cell.length > 8 && !/^\d{4}-\d\d-\d\d$/.test(cell));
  const old = new Set(cells(before));
  assert.deepEqual(
    cells(after).filter((cell) => old.has(cell)),
    [],
  );
  const joined = 'SELECT count(*), count(*) FILTER (WHERE c.kept = p.kept) FROM children c JOIN parents p ON';
  for (const column of ['medium', 'name', 'code', 'uid', 'local'])
    assert.match(server.query(`${joined} c.${column} = p.${column}`, 'masked'), /^(\d{4})\|300\d$/, column);
  assert.equal(server.query(`${joined} c.loose = p.loose`, 'masked'), '375|375');
  assert.equal(
    server.query(
      "SELECT count(*) FROM parents WHERE octet_length(name) = octet_length(E'Zoë\\t\\\\N Ångström\\n' || kept)",
      'masked',
    ),
    '3000',
  );
});
