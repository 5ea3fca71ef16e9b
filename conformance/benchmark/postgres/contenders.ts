import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PostgresServer } from '../../services/postgres.ts';
import type { Command } from '../measure.ts';
import { DATABASE } from './trading-data.ts';

/** One way to back up a database and to get it back. `work` is an empty folder of its own, new for every round. */
export interface DatabaseContender {
  readonly name: string;
  /** What has to be done once below `work` before the first backup; not measured. */
  prepare(work: string): Command | undefined;
  /** The `n`th backup, from 0. */
  backup(work: string, n: number): Command;
  /** What of `n`th backup is brought back into the database `into`, which is not there yet. */
  restore(work: string, n: number, into: string): Command;
}

/** Where a contender keeps what it stores: what lies there is its size. */
export const STORED = 'stored';

export const PARALLEL = 4;

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** This project: encrypted, deduplicated, signed; chunks as small as the platform’s policy has them for rows, zstd of that level. */
export function holdfast(server: PostgresServer, level: number): DatabaseContender {
  const run = (work: string, ...args: readonly string[]): Command => ({
    command: process.execPath,
    args: ['--conditions=source', join(root, 'agent/cli/bin.js'), ...args, '--policy', join(work, 'policy.yaml')],
    cwd: work,
    env: { HOLDFAST_STATE: join(work, 'state'), HOLDFAST_PASSPHRASE: 'benchmark' },
  });
  const policy = (work: string) => `version: 1
recipients: { recovery: { publicKey: recovery.asc } }
sources:
  db:
    type: postgres
    connection: { host: ${server.host}, port: ${server.port}, user: postgres }
    databases: [${DATABASE}]
    parallel: ${PARALLEL}
pipelines:
  rows: [{ chunk: { algorithm: fastcdc, min: 8KiB, avg: 32KiB, max: 128KiB } }, { compress: { algorithm: zstd, level: ${level} } }, { encrypt: aes-256-gcm }, { checksum: sha256 }]
targets: { local: { type: local, path: ${JSON.stringify(join(work, STORED))} } }
retention: { standard: { keep: { last: 3 } } }
jobs: { db: { source: db, pipeline: rows, targets: [local], retention: standard } }
`;
  return {
    name: `holdfast, zstd ${level}`,
    prepare: (work) => {
      writeFileSync(join(work, 'policy.yaml'), policy(work));
      return run(work, 'init', '--yes');
    },
    backup: (work) => run(work, 'run'),
    restore: (work, _, into) => run(work, 'restore', 'db', '--into', `postgresql:///${into}`),
  };
}

/** PostgreSQL's own: a folder with a file for each table, compressed as it does unless told otherwise (zlib 6), not encrypted. */
export function pgDump(server: PostgresServer): DatabaseContender {
  const run = (work: string, program: string, ...args: readonly string[]): Command => ({
    command: join(server.programs, program),
    args: ['-h', server.host, '-p', `${server.port}`, '-U', 'postgres', '-j', `${PARALLEL}`, ...args],
    cwd: work,
    env: {},
  });
  const place = (work: string, n: number) => join(work, STORED, `${n}`);
  return {
    name: `pg_dump -Fd -j${PARALLEL}`,
    prepare: () => undefined,
    backup: (work, n) => run(work, 'pg_dump', '-Fd', '-f', place(work, n), DATABASE),
    restore: (work, n, into) => {
      server.query(`CREATE DATABASE ${into} TEMPLATE template0`);
      return run(work, 'pg_restore', '-d', into, place(work, n));
    },
  };
}
