/** What is wrong with the options of a source is shown on its line, before a run or a restore needs it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

interface Validation {
  readonly diagnostics: readonly {
    readonly code: string;
    readonly severity: string;
    readonly at: { readonly line: number };
  }[];
}

test('validate points at what no restore could use, and with --connect at what the server has not got', {
  skip,
}, async () => {
  await using here = await DatabaseMachine.of('trading');
  const { machine, server } = here;
  server.query('CREATE TABLE orders (id int); CREATE SCHEMA audit; CREATE TABLE audit.requests (id int)', 'trading');
  const told = async (source: string, ...args: readonly string[]) => {
    const lines = source.split('\n');
    const address = `{ host: ${server.host}, port: ${server.port}, user: postgres }`;
    const text = `version: 1
recipients: { recovery: { publicKey: recovery.asc } }
targets: { local: { type: local, path: ${machine.repository} } }
jobs: { db: { source: db, targets: [local] } }
sources:
  db:
    type: postgres
    connection: ${address}
`;
    await writeFile(machine.policy, `${text}${lines.map((line) => `    ${line}\n`).join('')}`);
    const { diagnostics } = documentOf<Validation>(await machine.call(['validate', '--json', ...args]));
    return diagnostics.flatMap(({ code, severity, at: { line } }) =>
      line > 8 ? [`${severity} ${code} ${lines[line - 9]}`] : [],
    );
  };
  const masks = 'masks:\n  staging:\n    rules:\n      - { table: orders, columns: { id: { with: fake } } }';
  assert.deepEqual(await told(masks), ['error HF4028       - { table: orders, columns: { id: { with: fake } } }']);
  assert.deepEqual(await told('exclude:\n  - a.b.c.d\n  - orders'), ['error HF2012   - a.b.c.d']);
  const programs = 'programs: /nonexistent';
  assert.deepEqual(await told(programs), []);
  assert.deepEqual(await told(programs, '--connect'), [`error HF5007 ${programs}`]);
  const names = 'databases:\n  - trading\n  - tradign\nexclude:\n  - audit.requests\n  - audit.reqests';
  assert.deepEqual(await told(names), []);
  assert.deepEqual(await told(names, '--connect'), ['warning HF5008   - tradign', 'warning HF5008   - audit.reqests']);
  const ended = await machine.call(['run']);
  assert.match(ended.stderr, /exclude: no table fits audit\.reqests/);
  assert.doesNotMatch(ended.stderr, /fits audit\.requests/);
});
