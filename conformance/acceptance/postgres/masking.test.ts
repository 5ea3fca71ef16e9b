/** Values that are replaced while they are restored: what was never to be seen reaches neither tables nor files of the server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { assertExit, documentOf, type Ended } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const key = { command: ['printf', '%s', 'k'.repeat(32)] };
const fake = { with: 'fake' };
const people = {
  email: fake,
  name: { with: 'hash', length: 16 },
  phone: fake,
  country: { with: 'constant', value: 'X' },
  vip: { with: 'constant', value: true },
  note: { with: 'null' },
};
const staging = {
  key,
  rules: [
    {
      table: 'public.customers',
      columns: { ...people, joined: { with: 'sql', expression: "date_trunc('year', joined_at)::date" } },
    },
    { table: 'orders', columns: { customer: fake } },
    { table: 'events', columns: { address: fake } },
    { table: 'animals', columns: { owner: fake } },
  ],
};
const only = (table: string, columns: object) => ({ key, rules: [{ table, columns }] });
const masks = {
  staging,
  files: { key, rules: [{ table: 'customers', columns: people }, ...staging.rules.slice(1)] },
  misspelled: { key, rules: [...staging.rules, { table: 'customers', columns: { e_mail: fake } }] },
  generated: only('customers', { email_lower: fake, email: fake }),
  apart: only('customers', { email: fake }),
  domains: {
    key,
    rules: [
      { table: 'customers', columns: { email: fake } },
      { table: 'orders', columns: { customer: { with: 'fake', domain: 'x' } } },
    ],
  },
  alike: only('customers', { id: { with: 'constant', value: 1 } }),
  unforetold: {
    key,
    rules: [
      { table: 'customers', columns: { email: fake } },
      { table: 'orders', columns: { customer: { with: 'sql', expression: 'NULL' } } },
      { table: 'events', columns: { at: fake } },
    ],
  },
  unfit: only('customers', { joined: { with: 'hash' } }),
  divided: {
    key,
    rules: [
      {
        table: 'public.cust*',
        columns: {
          email: { with: 'sql', expression: "'customer ' || id" },
          kept: { with: 'sql', expression: '1 / (id - id)' },
        },
      },
      { table: 'orders', columns: { customer: { with: 'sql', expression: "'customer ' || id" } } },
    ],
  },
  guessable: { ...only('customers', { name: fake }), key: { command: ['printf', '%s', 'short'] } },
};

let here: DatabaseMachine;
let target: PostgresServer;
/** The server that is restored to: nothing else was ever in it. */
let address = '';

before(async () => {
  if (skip !== false) return;
  here = await DatabaseMachine.create({ databases: ['shop'], masks });
  target = await PostgresServer.start({ settings: { log_statement: 'all', log_min_duration_statement: 0 } });
  address = `postgresql://postgres@${target.host}:${target.port}`;
  here.server.query('CREATE DATABASE shop');
  here.server.query(
    `CREATE TABLE customers (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name varchar(40), phone varchar(20),
       country char(3), vip boolean, note text, joined date, joined_at timestamptz, email_lower text GENERATED ALWAYS AS (lower(email)) STORED, kept integer);
     CREATE TABLE orders (id serial PRIMARY KEY, customer text REFERENCES customers (email), amount numeric);
     CREATE TABLE events (at date, address text) PARTITION BY RANGE (at);
     CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
     CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
     CREATE TABLE animals (owner text);
     CREATE TABLE dogs (breed text) INHERITS (animals);
     CREATE INDEX customers_name ON customers (name);
     INSERT INTO customers (email, name, phone, country, vip, note, joined, joined_at, kept)
       SELECT 'zebra' || i || '@secret.example', 'Quixote the ' || i, '+49 30 777' || i, 'DEU', i % 2 = 0, CASE WHEN i % 3 > 0 THEN 'hemlock ' || i END,
         '2020-02-03', '2021-05-06 07:08:09+00', i FROM generate_series(1001, 1400) i;
     INSERT INTO orders (customer, amount) SELECT 'zebra' || 1001 + i % 400 || '@secret.example', i FROM generate_series(1, 900) i;
     INSERT INTO events SELECT '2026-01-01'::date + i, 'wildebeest' || i || '.secret.example' FROM generate_series(0, 299) i;
     INSERT INTO animals SELECT 'Falstaff ' || i FROM generate_series(1, 20) i;
     INSERT INTO dogs SELECT 'Falstaff ' || i, 'collie' FROM generate_series(1, 20) i;
     SELECT lo_from_bytea(1, 'large');
     CREATE MATERIALIZED VIEW addresses AS SELECT email FROM customers;
     ANALYZE`,
    'shop',
  );
  await here.machine.ask(['run']);
});
after(async () => {
  await here?.[Symbol.asyncDispose]();
  await target?.[Symbol.asyncDispose]();
});

const needles = [
  'zebra',
  'secret.example',
  'Quixote',
  '+49 30 777',
  'DEU',
  'hemlock',
  '2020-02-03',
  'wildebeest',
  'Falstaff',
];

const call = (mask: string, into: string, ...more: readonly string[]): Promise<Ended> =>
  here.machine.call(['restore', 'db', '--into', into, '--mask', mask, '--json', ...more]);

async function restored(mask: string, into: string, ...more: readonly string[]): Promise<RestoreReport> {
  const ended = await call(mask, into, ...more);
  assertExit(ended, 0);
  return documentOf<RestoreReport>(ended);
}

/** Which of the needles stand in any file below a folder. */
function found(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const all = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
  return needles.filter((needle) => all.some((bytes) => bytes.includes(needle)));
}

test('no original value reaches the server: not its tables, its log, its files or its WAL', { skip }, async (t) => {
  const report = await restored('staging', `${address}/masked`);
  target.query('CHECKPOINT');
  assert.deepEqual(found(target.data), []);
  for (const needle of needles) assert.ok(!target.log.includes(needle), needle);
  t.diagnostic(JSON.stringify(report.facts));
  const counts = Object.fromEntries(
    report.masked.map(({ what, part, values, nulls }) => [`${what} ${part}`, [values, nulls]]),
  );
  assert.deepEqual(counts['shop.public.customers email'], [400, 0]);
  assert.deepEqual(counts['shop.public.customers note'], [267, 133]);
  assert.deepEqual(counts['shop.public.customers joined'], [400, 0]);
  assert.deepEqual(counts['shop.public.events_2 address'], [119, 0]);
  assert.deepEqual(counts['shop.public.dogs owner'], [20, 0]);
  assert.match(JSON.stringify(report.facts), /of 6 masked tables, .* is what masking made of it/);
});

test('joins keep their counts, unique columns their number, and what no rule names is as it was', { skip }, () => {
  const same = [
    'SELECT count(*), count(DISTINCT c.id), sum(o.amount) FROM orders o JOIN customers c ON c.email = o.customer',
    'SELECT count(DISTINCT email), count(DISTINCT name), count(DISTINCT phone) FROM customers',
    'SELECT id, kept, length(email), email_lower = lower(email) FROM customers ORDER BY id',
    'SELECT tableoid::regclass, at, length(address) FROM events ORDER BY at',
    'SELECT count(*) FROM animals a JOIN dogs d USING (owner)',
    'SELECT count(*) FROM addresses JOIN customers USING (email)',
  ];
  for (const query of same) assert.equal(target.query(query, 'masked'), here.server.query(query, 'shop'), query);
  assert.equal(target.query('SELECT DISTINCT country, vip, joined FROM customers', 'masked'), 'X  |t|2021-01-01');
  assert.match(target.query('SELECT name FROM customers LIMIT 1', 'masked'), /^[0-9a-f]{16}$/);
  target.query("INSERT INTO customers (email) VALUES ('new')", 'masked');
  assert.equal(target.query("SELECT id FROM customers WHERE email = 'new'", 'masked'), '401');
});

test('without --mask they are found: the search finds what is there', { skip }, async () => {
  await here.machine.ask(['restore', 'db', '--into', `${address}/plain`]);
  target.query('CHECKPOINT');
  // A date is no text in the files of a server.
  assert.deepEqual(
    found(target.data),
    needles.filter((needle) => needle !== '2020-02-03'),
  );
});

test('a dry run says what would be masked, and text says what was', { skip }, async () => {
  const planned = await restored('staging', `${address}/planned`, '--dry-run');
  const steps = planned.steps.join('\n');
  assert.match(steps, /mask shop\.public\.customers: .*email \(fake\).*joined \(sql\)/);
  assert.match(steps, /mask shop\.public\.events_1: address \(fake\)/);
  const ended = await here.machine.call([
    'restore',
    'db',
    'orders',
    '--into',
    `${address}/partly`,
    '--mask',
    'staging',
  ]);
  assertExit(ended, 3);
  assert.match(ended.stdout, /masked +shop\.public\.orders, customer \(fake\): 900 values/);
});

test('what only the rows can tell is told before', { skip }, async () => {
  const steps = (await restored('unforetold', `${address}/planned`, '--dry-run')).steps.join('\n');
  assert.match(steps, /orders \(customer\) refers to public\.customers \(email\): whether it still does/);
  assert.match(steps, /shop\.public\.events_2 is a partition by at: a masked row that does not fit/);
  assert.match(steps, /the large objects of shop go by as they are/);
});

const refused: readonly (readonly [mask: string, code: string, exit: number, why: RegExp])[] = [
  ['misspelled', 'MASK_IDLE', 78, /"customers, e_mail"/],
  ['generated', 'MASK_UNFIT', 78, /email_lower: it is generated/],
  ['apart', 'MASK_KEYS', 78, /orders \(customer\) refers to public\.customers \(email\)/],
  ['domains', 'MASK_KEYS', 78, /rules of the two differ/],
  ['alike', 'MASK_KEYS', 78, /customers_pkey is unique/],
  ['unfit', 'MASK_UNFIT', 78, /joined: a hash is text/],
  ['guessable', 'MASK_KEY', 78, /5 bytes long/],
  ['stagin', 'MASK_UNKNOWN', 64, /no masks called stagin/],
];

for (const [mask, code, exit, why] of refused)
  test(`${mask}: ${code}, and nothing is written`, { skip }, async () => {
    const folders = ['misspelled', 'apart'].includes(mask) ? [here.machine.place('refused')] : [];
    for (const into of [`${address}/refused`, ...folders]) {
      const ended = await call(mask, into);
      assertExit(ended, exit);
      const { failure, steps } = documentOf<RestoreReport>(ended);
      assert.equal(failure?.code, code);
      assert.match(failure?.message ?? '', why);
      assert.deepEqual(steps, []);
    }
    assert.equal(target.query("SELECT count(*) FROM pg_database WHERE datname LIKE '%refused%'"), '0');
    assert.ok(!readdirSync(here.machine.place('')).includes('refused'));
  });

test('an expression that the server refuses is named with its rule, table and column', { skip }, async () => {
  const ended = await call('divided', `${address}/refused`);
  assertExit(ended, 1);
  const { failure } = documentOf<RestoreReport>(ended);
  assert.equal(failure?.code, 'POSTGRES_REFUSED');
  assert.match(
    failure?.message ?? '',
    /column kept of shop\.public\.customers by the expression of rule "public\.cust\*, kept": division by zero/,
  );
  assert.equal(target.query("SELECT count(*) FROM pg_database WHERE datname LIKE '%refused%'"), '0');
});

test('exported, archive and script have no original value either, and can be loaded', { skip }, async () => {
  const whole = await call('staging', here.machine.place('no'));
  assertExit(whole, 78);
  assert.match(documentOf<RestoreReport>(whole).failure?.message ?? '', /no server that could evaluate the expression/);
  for (const format of ['custom', 'plain']) {
    const folder = here.machine.place(`exported-${format}`);
    const report = await restored('files', folder, '--format', format);
    assert.deepEqual(found(folder), ['2020-02-03'], 'what no rule names stays');
    assert.equal(report.masked.length, 11);
    const name = `loaded_${format}`;
    target.query(`CREATE DATABASE ${name}`);
    const to = ['-h', target.host, '-p', `${target.port}`, '-U', 'postgres', '-d', name];
    const [program, args] =
      format === 'custom'
        ? (['pg_restore', ['--exit-on-error', ...to, join(folder, 'shop.dump')]] as const)
        : (['psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', ...to, '-f', join(folder, 'shop.sql')]] as const);
    const ended = spawnSync(join(target.programs, program), args, { encoding: 'utf8' });
    assert.equal(ended.stderr, '');
    const joined = 'SELECT count(*), sum(amount) FROM orders JOIN customers ON email = customer';
    assert.equal(target.query(joined, name), here.server.query(joined, 'shop'));
    const made = 'SELECT email, name, phone FROM customers ORDER BY id LIMIT 300';
    assert.equal(target.query(made, name), target.query(made, 'masked'), 'the same as on a server');
  }
});

test('rows of tables that are there are replaced by masked ones', { skip }, async () => {
  const emails = 'SELECT string_agg(email, chr(10) ORDER BY id) FROM customers';
  target.query(
    "UPDATE customers SET country = 'DEU', name = 'changed' WHERE id < 100; DELETE FROM orders; DELETE FROM customers WHERE email = 'new'; VACUUM customers",
    'masked',
  );
  const before = target.query(emails, 'masked');
  await restored('staging', `${address}/masked`, 'customers', 'orders', '--conflict', 'replace');
  assert.equal(target.query(emails, 'masked'), before, 'the same key makes the same');
  assert.equal(target.query('SELECT count(*), count(DISTINCT country) FROM customers', 'masked'), '400|1');
});
