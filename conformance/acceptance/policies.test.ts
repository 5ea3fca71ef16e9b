import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { generateRecoveryKey } from '../../agent/repository/keys/identity.ts';
import { PostgresServer } from '../services/postgres.ts';
import { assertExit, Child, checkout, documentOf } from './program.ts';

const PASSPHRASE = 'a passphrase for tests';
/** What a platform's folder holds, and what of it is not the application. */
const FILES = ['config/app.json', 'bin/trader', 'node_modules/left-pad/index.js', 'dist/out.js', 'logs/a.log', 'tmp/x'];

/** What the policy calls critical, and something beside it. */
const TABLES = ['orders', 'positions', 'transactions', 'accounts', 'margin_calls', 'quotes'];

/** A server with the platform's database and the role that the policy names, for the test of that policy. */
async function startDatabase(name: string): Promise<PostgresServer | undefined> {
  if (name !== 'trading-platform.yaml') return undefined;
  const server = await PostgresServer.start();
  server.query('CREATE DATABASE trading; CREATE ROLE holdfast LOGIN; GRANT pg_read_all_data TO holdfast;');
  for (const table of TABLES)
    server.query(
      `CREATE TABLE ${table} (id int PRIMARY KEY); INSERT INTO ${table} SELECT generate_series(1, 9);`,
      'trading',
    );
  return server;
}

/**
 * Each policy as it stands in the project, moved below a folder of its own, and to a database server of its own: nothing else of it is
 * changed.
 */
async function moved(
  name: string,
  folder: string,
  server?: PostgresServer,
): Promise<{ file: string; roots: string[] }> {
  const written = await readFile(join(checkout, 'policies', name), 'utf8');
  const socket = 'connection: { host: /run/postgresql';
  if (server !== undefined) assert.ok(written.includes(socket));
  const text = written.replaceAll(socket, `connection: { host: ${server?.folder}, port: ${server?.port}`);
  const roots: string[] = [];
  const here = text.replaceAll(/(?<=[[ ])\/(?:srv|var|mnt)\/[a-z/]+/g, (path) => {
    if (path.startsWith('/srv')) roots.push(join(folder, path));
    return join(folder, path);
  });
  const file = join(folder, name);
  await writeFile(file, here);
  return { file, roots };
}

async function makeKeys(folder: string, text: string): Promise<string> {
  let last = '';
  for (const [, path = ''] of text.matchAll(/publicKey: (\S+)/g)) {
    const { publicKey, privateKey } = await generateRecoveryKey({
      name: path,
      passphrase: PASSPHRASE,
      created: new Date(Date.now() - 60_000),
    });
    const file = join(folder, path.replace(/[^a-z0-9./-]/g, ''));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, publicKey);
    last = `${file}.private`;
    await writeFile(last, privateKey, { mode: 0o600 });
  }
  return last;
}

for (const name of (await readdir(join(checkout, 'policies'))).filter((file) => file.endsWith('.yaml'))) {
  test(`policies/${name} runs: init, every job, verify, and a restore without what it excludes`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-policy-'));
    await using server = await startDatabase(name);
    try {
      const { file, roots } = await moved(name, folder, server);
      const key = await makeKeys(folder, await readFile(file, 'utf8'));
      for (const path of roots.flatMap((root) => FILES.map((one) => join(root, one)))) {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, `content of ${path}`);
      }
      const env = { HOLDFAST_STATE: join(folder, 'state'), HOLDFAST_PASSPHRASE: PASSPHRASE };
      const call = async (...args: string[]) => {
        const ended = await new Child([...args, '--policy', file], { cwd: folder, env }).ended;
        assertExit(ended, 0);
        return ended;
      };
      await call('init', '--yes');
      await call('validate');
      const { runs } = documentOf<{ runs: RunReport[] }>(await call('run', '--json'));
      assert.ok(runs.length > 0);
      for (const run of runs) assert.equal(run.verdict, 'ok', run.job);
      await call('verify', '--level', 'decrypt', '--key', key);
      if (server !== undefined) {
        const names = (job: string) => runs.find((run) => run.job === job)?.artifacts.map((artifact) => artifact.name);
        const rows = (tables: readonly string[]) => tables.map((table) => `trading/public/${table}`).sort();
        for (const [job, tables] of [
          ['critical-tables', TABLES.slice(0, 5)],
          ['trading-database', TABLES],
        ] as const)
          assert.deepEqual(
            names(job)
              ?.filter((one) => /^trading\/public/.test(one))
              .sort(),
            rows(tables),
            job,
          );
        // The role that backs up may change nothing, so it is not the one that restores.
        const into = `postgresql://postgres@${server.host}:${server.port}/copy`;
        await call('restore', 'trading-database', '--into', into, '--key', key);
        for (const table of TABLES) assert.equal(server.query(`SELECT sum(id) FROM ${table}`, 'copy'), '45', table);
      }
      const source = runs.map((run) => run.source).find((one) => one !== 'trading-database') ?? '';
      await call('restore', source, '--into', join(folder, 'restored'), '--key', key);
      assert.equal(
        await readFile(join(folder, 'restored/config/app.json'), 'utf8'),
        `content of ${roots[0]}/config/app.json`,
      );
      const restored = await readdir(join(folder, 'restored'));
      const excluded = name === 'trading-platform.yaml' ? ['dist', 'logs', 'node_modules', 'tmp'] : ['tmp'];
      for (const one of excluded) assert.ok(!restored.includes(one), `${one} was excluded`);
      assert.ok(restored.includes('bin'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
