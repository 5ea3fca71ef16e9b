import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresServer } from '../../services/postgres.ts';
import type { Command } from '../measure.ts';
import type { Program } from '../program.ts';
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
  /** The same, and every row read back from the server. */
  restoreAndRead(work: string, n: number, into: string): readonly Command[];
}

/** Where a contender keeps what it stores: what lies there is its size. */
export const STORED = 'stored';

export const PARALLEL = 4;

/** This project: encrypted, deduplicated, signed; chunks as small as the platform’s policy has them for rows, zstd of that level. */
export function holdfast(program: Program, server: PostgresServer, level: number): DatabaseContender {
  const run = (work: string, args: readonly string[], policy = 'policy.yaml'): Command => ({
    command: process.execPath,
    args: [...program, ...args, '--policy', join(work, policy)],
    cwd: work,
    env: { HOLDFAST_STATE: join(work, 'state'), HOLDFAST_PASSPHRASE: 'benchmark' },
  });
  const policy = (work: string, readBack: boolean) => `version: 1
recipients: { recovery: { publicKey: recovery.asc } }
sources:
  db:
    type: postgres
    connection: { host: ${server.host}, port: ${server.port}, user: postgres }
    databases: [${DATABASE}]
    parallel: ${PARALLEL}
    readBack: ${readBack}
pipelines:
  rows: [{ chunk: { algorithm: fastcdc, min: 8KiB, avg: 32KiB, max: 128KiB } }, { compress: { algorithm: zstd, level: ${level} } }, { encrypt: aes-256-gcm }, { checksum: sha256 }]
targets: { local: { type: local, path: ${JSON.stringify(join(work, STORED))} } }
retention: { standard: { keep: { last: 3 } } }
jobs: { db: { source: db, pipeline: rows, targets: [local], retention: standard } }
`;
  const restoring = (into: string) => ['restore', 'db', '--into', `postgresql:///${into}`];
  return {
    name: `holdfast, zstd ${level}`,
    prepare: (work) => {
      writeFileSync(join(work, 'policy.yaml'), policy(work, false));
      writeFileSync(join(work, 'reading.yaml'), policy(work, true));
      return run(work, ['init', '--yes']);
    },
    backup: (work) => run(work, ['run']),
    restore: (work, _, into) => run(work, restoring(into)),
    restoreAndRead: (work, _, into) => [run(work, restoring(into), 'reading.yaml')],
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
  const restore = (work: string, n: number, into: string) => {
    server.query(`CREATE DATABASE ${into} TEMPLATE template0`);
    return run(work, 'pg_restore', '-d', into, place(work, n));
  };
  return {
    name: `pg_dump -Fd -j${PARALLEL}`,
    prepare: () => undefined,
    backup: (work, n) => run(work, 'pg_dump', '-Fd', '-f', place(work, n), DATABASE),
    restore,
    // What can be had of it: another dump, not compressed, to be compared.
    restoreAndRead: (work, n, into) => [
      restore(work, n, into),
      run(work, 'pg_dump', '-Fd', '-Z0', '-f', join(work, 'read'), into),
    ],
  };
}
