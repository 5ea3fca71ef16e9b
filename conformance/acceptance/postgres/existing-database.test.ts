/** Restores to a database that was there before, and is not as the captured one was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestoreReport } from '../../../agent/recovery/restore-report.ts';
import { assertExit, documentOf } from '../program.ts';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const quiet = { skip };

test('large objects that are there are neither written over nor taken for those of the backup', quiet, async () => {
  await using here = await DatabaseMachine.of('everything');
  const { machine, server } = here;
  server.query("CREATE TABLE plain AS SELECT 1 AS id; SELECT lo_from_bytea(4242, 'captured')", 'everything');
  await machine.ask(['run']);
  server.query('CREATE DATABASE copy');
  server.query("SELECT lo_from_bytea(4242, 'another')", 'copy');
  for (const conflict of ['error', 'skip', 'replace']) {
    const ended = await machine.call([
      'restore',
      'db',
      '--into',
      'postgresql:///copy',
      '--conflict',
      conflict,
      '--json',
    ]);
    assertExit(ended, 1);
    assert.equal(documentOf<RestoreReport>(ended).failure?.code, 'RESTORE_CONFLICT');
  }
  assert.equal(server.query("SELECT convert_from(lo_get(4242), 'UTF8')", 'copy'), 'another');
  assert.equal(server.query("SELECT to_regclass('plain') IS NULL", 'copy'), 't');
  await machine.ask(['restore', 'db', 'everything/public/', '--into', 'postgresql:///copy']);
  assert.equal(server.query('SELECT id FROM plain', 'copy'), '1');
});

test('rows come into a database of another encoding as the same letters, or not at all', quiet, async () => {
  await using here = await DatabaseMachine.create({ databases: ['german', 'polish'] });
  const { machine, server } = here;
  const make = (name: string, encoding: string) =>
    server.query(`CREATE DATABASE ${name} ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  const letters = (database: string) =>
    server.query("SET client_encoding = 'UTF8'; SELECT string_agg(word, ' ' ORDER BY id) FROM words", database);
  for (const [name, encoding, word] of [
    ['german', 'LATIN1', 'Grüße'],
    ['polish', 'UTF8', 'Żółć'],
  ] as const) {
    make(name, encoding);
    server.query(`SET client_encoding = 'UTF8'; CREATE TABLE words AS SELECT 1 AS id, '${word}'::text AS word`, name);
  }
  await machine.ask(['run']);
  make('wide', 'UTF8');
  server.query('CREATE TABLE other ()', 'wide');
  await machine.ask(['restore', 'db', 'german/public/words', '--into', 'postgresql:///wide']);
  assert.match(letters('wide'), /Grüße$/);
  make('narrow', 'LATIN1');
  server.query("CREATE TABLE words (id int, word text); INSERT INTO words VALUES (7, 'before')", 'narrow');
  const ended = await machine.call([
    'restore',
    'db',
    'polish/public/words',
    '--into',
    'postgresql:///narrow',
    '--conflict',
    'replace',
    '--json',
  ]);
  assertExit(ended, 1);
  const { failure } = documentOf<RestoreReport>(ended);
  assert.match(failure?.message ?? '', /public\.words: .* has no equivalent in encoding/);
  assert.match(letters('narrow'), /before$/);
});
