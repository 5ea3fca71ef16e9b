/** Databases of other encodings than UTF-8: what goes in comes out, byte by byte. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DatabaseMachine, withoutPostgres as skip } from './database-machine.ts';

const masks = {
  words: {
    key: { command: ['printf', '%s', 'k'.repeat(32)] },
    rules: [{ table: 'words', columns: { word: { with: 'fake' }, same: { with: 'hash' } } }],
  },
};
const databases = ['latin', 'polish', 'bytes'];
let here: DatabaseMachine;

before(async () => {
  if (skip !== false) return;
  here = await DatabaseMachine.create({ databases, masks });
  const filled: Record<string, [string, string]> = {
    latin: ['LATIN1', "convert_from('\\xe4f6fc81', 'LATIN1')"],
    polish: ['LATIN2', "'Żółć gęślą jaźń'"],
    bytes: ['SQL_ASCII', "E'\\xff\\xfe\\x80'"],
  };
  for (const [name, [encoding, value]] of Object.entries(filled)) {
    here.server.query(`CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    here.server.query(
      `${name === 'polish' ? "SET client_encoding = 'UTF8';" : ''} CREATE TABLE words (word text, same text); INSERT INTO words SELECT x, x FROM (VALUES (${value})) AS of(x)`,
      name,
    );
    if (name !== 'bytes')
      here.server.query(
        `SET client_encoding = 'UTF8'; CREATE TABLE "größe" ("ö" int); INSERT INTO "größe" VALUES (7)`,
        name,
      );
  }
  await here.machine.ask(['run']);
});
after(() => here?.[Symbol.asyncDispose]());

const bytes = (database: string) =>
  here.server.query(
    "SELECT encode(word::bytea, 'hex'), pg_encoding_to_char(encoding) FROM words, pg_database WHERE datname = current_database()",
    database,
  );

for (const name of databases) {
  test(`restored, ${name} has the same bytes`, { skip }, async () => {
    await here.machine.ask(['restore', 'db', `${name}/`, '--into', `postgresql:///${name}_copy`]);
    assert.equal(bytes(`${name}_copy`), bytes(name));
    const odd = `SET client_encoding = 'UTF8'; SELECT "ö" FROM "größe"`;
    if (name !== 'bytes') assert.equal(here.server.query(odd, `${name}_copy`), '7');
  });

  test(`exported, ${name} is what pg_dump writes of it`, { skip }, async () => {
    const folder = here.machine.place(`exported-${name}`);
    await here.machine.ask(['restore', 'db', `${name}/`, '--into', folder]);
    const args = ['--restrict-key=test', '--file=-', join(folder, `${name}.dump`)];
    const ended = spawnSync(join(here.server.programs, 'pg_restore'), args, { encoding: 'latin1' });
    const dumped = spawnSync(
      join(here.server.programs, 'pg_dump'),
      ['-h', here.server.host, '-p', `${here.server.port}`, '-U', 'postgres', '--restrict-key=test', name],
      { encoding: 'latin1' },
    );
    assert.equal(ended.stdout, dumped.stdout);
  });
}

test('masked, letters become letters that the database has', { skip }, async () => {
  const hashes: string[] = [];
  for (const name of databases) {
    await here.machine.ask(['restore', 'db', `${name}/`, '--into', `postgresql:///${name}_masked`, '--mask', 'words']);
    assert.notEqual(bytes(`${name}_masked`), bytes(name));
    hashes.push(here.server.query('SELECT same FROM words', `${name}_masked`));
  }
  const word = here.server.query("SET client_encoding = 'UTF8'; SELECT word FROM words", 'polish_masked');
  assert.match(word, /^\p{Lu}\p{Ll}{3} \p{Ll}{5} \p{Ll}{4}$/u);
  assert.doesNotMatch(word, /Żółć|gęślą|jaźń/);
  for (const one of hashes) assert.match(one, /^[0-9a-f]{32}$/);
});
