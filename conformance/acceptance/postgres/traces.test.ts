/** A span of each table, by OpenTelemetry's conventions for clients of databases. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RunReport } from '../../../agent/engine/run-report.ts';
import { HeldRelay } from '../../faults/held-relay.ts';
import { OtlpReceiver } from '../../services/otlp-receiver.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

let here: DatabaseMachine;

before(async () => {
  if (skip !== false) return;
  here = await DatabaseMachine.of('trading');
  here.server.query(
    `CREATE SCHEMA audit;
     CREATE TABLE orders AS SELECT i, repeat(md5(i::text), 40) AS note FROM generate_series(1, 30000) i;
     CREATE TABLE audit.requests AS SELECT generate_series(1, 7) AS id;
     CREATE TABLE empty (id integer)`,
    'trading',
  );
});
after(() => here?.[Symbol.asyncDispose]());

const sendingTo = ({ endpoint }: OtlpReceiver) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
});

/** What the spans of tables say, by `db.collection.name`. */
function tablesOf({ spans }: OtlpReceiver): Record<string, object> {
  return Object.fromEntries(
    spans.flatMap(({ name, attributes, status }) => {
      const said = Object.entries(attributes).filter(([key]) => key.startsWith('db.') || key === 'error.type');
      const { 'db.collection.name': table, ...others } = Object.fromEntries(said);
      return table === undefined ? [] : [[String(table), { name, status, ...others }]];
    }),
  );
}

/** As the agent asks for rows, and pg_dump, which is cut off where rows begin, does not. */
const ROWS = /COPY public\.orders .* WITH \(ENCODING/;

const read = {
  name: 'capture bytes',
  'db.system.name': 'postgresql',
  'db.namespace': 'trading',
  'db.operation.name': 'COPY',
};

test('each table has a span: what it is called, where it is, and how many rows it had', { skip }, async () => {
  await using receiver = await OtlpReceiver.open();
  await here.machine.ask(['run'], { env: sendingTo(receiver) });
  const good = { ...read, status: 0 };
  assert.deepEqual(tablesOf(receiver), {
    'public.orders': { ...good, 'db.response.returned_rows': 30_000 },
    'audit.requests': { ...good, 'db.response.returned_rows': 7 },
    'public.empty': { ...good, 'db.response.returned_rows': 0 },
  });
});

test('of a table that could not be read to its end the span says so, and no number of rows', { skip }, async () => {
  const { machine, server } = here;
  await using receiver = await OtlpReceiver.open();
  await using relay = await HeldRelay.open(server.port);
  await here.reach({ port: relay.port });
  const held = relay.hold(ROWS, 2 ** 20);
  const child = machine.start(['run', '--json'], { env: sendingTo(receiver) });
  await Promise.race([held, child.ended.then(({ stderr }) => assert.fail(stderr))]);
  server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast'");
  relay.release();
  const ended = await child.ended;
  assertExit(ended, 1);
  const [report] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.equal(report?.failure?.code, 'POSTGRES_STOPPED', ended.stderr);
  assert.deepEqual(tablesOf(receiver)['public.orders'], { ...read, status: 2, 'error.type': 'CAPTURE_FAILED' });
});
