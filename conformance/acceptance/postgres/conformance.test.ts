import { after, before } from 'node:test';
import {
  conformanceTests,
  type RestorePlace,
  type SampleSystem,
  type SourceHarness,
  sourceSuite,
} from 'holdfast/conformance';
import { plugin } from '../../../plugins/sources/postgres/index.ts';
import { freePort } from '../../services/free-port.ts';
import { PostgresServer } from '../../services/postgres.ts';
import { withoutPostgres } from './database-machine.ts';

let server: PostgresServer;
let count = 0;

const sample = `
  CREATE TABLE accounts (id integer PRIMARY KEY, name text);
  CREATE TABLE orders (id integer PRIMARY KEY, account integer REFERENCES accounts, note text);
  CREATE TABLE apart (id integer, note text);
  CREATE VIEW named AS SELECT o.id, a.name FROM orders o JOIN accounts a ON a.id = o.account;
  CREATE SEQUENCE numbers START 7;
  INSERT INTO accounts SELECT i, 'account ' || i FROM generate_series(1, 20) i;
  INSERT INTO orders SELECT i, 1 + i % 20, md5(i::text) FROM generate_series(1, 500) i;
  INSERT INTO apart VALUES (1, NULL), (2, ''), (3, E'\\\\t');
  SELECT nextval('numbers');
  GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
  GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader;`;

/** All that pg_dump says of it, whatever it is called; null where there is none. */
function dump(database: string, ...args: readonly string[]): string | null {
  if (server.query(`SELECT count(*) FROM pg_database WHERE datname = '${database}'`) === '0') return null;
  const text = server.run('pg_dump', ['--create', '--restrict-key=test', ...args], database);
  return text.replaceAll(new RegExp(`\\b${database}\\b`, 'g'), 'sample');
}

const dropped = (database: string) => async () => {
  server.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
};

const harness: SourceHarness = {
  plugin,
  async system(): Promise<SampleSystem> {
    const database = `system_${count++}`;
    server.query(`CREATE DATABASE ${database}`);
    server.query(sample, database);
    const connection = { host: server.host, port: server.port, user: 'reader' };
    return {
      options: { connection, databases: [database] },
      state: async () => dump(database),
      async spoil() {
        server.query('REVOKE SELECT ON apart FROM reader', database);
        return { what: `${database}.public.apart`, left: dump(database, '--exclude-table=apart') };
      },
      [Symbol.asyncDispose]: dropped(database),
    };
  },
  async place(): Promise<RestorePlace> {
    const database = `place_${count++}`;
    return {
      into: { server: `postgresql://postgres@${server.host}:${server.port}/${database}` },
      state: async () => dump(database),
      async alter() {
        server.query("UPDATE orders SET note = 'changed' WHERE id = 1; DELETE FROM orders WHERE id = 2", database);
      },
      [Symbol.asyncDispose]: dropped(database),
    };
  },
  absent: async () => ({ connection: { host: '127.0.0.1', port: await freePort(), user: 'reader' } }),
};

if (withoutPostgres === false) {
  before(async () => {
    server = await PostgresServer.start();
    server.query('CREATE ROLE reader LOGIN');
  });
  after(() => server?.[Symbol.asyncDispose]());
  conformanceTests(sourceSuite, harness);
}
