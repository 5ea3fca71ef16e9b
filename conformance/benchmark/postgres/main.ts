/**
 * `npm run benchmark:postgres [-- --size 1200 --rounds 3 --level 6 --seed 1 --apart]`: this project beside pg_dump and pg_restore, in
 * turns, on one database of one server; `--apart`: the server has a processor of its own, and the programs have the others. Only ratios
 * of one run mean anything: machines and page caches differ.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PostgresServer } from '../../services/postgres.ts';
import { type Command, measure } from '../measure.ts';
import { programOf } from '../program.ts';
import { type Rounds, renderResults } from '../results.ts';
import { type DatabaseContender, holdfast, PARALLEL, pgDump, STORED } from './contenders.ts';
import { type DatabaseRound, measuredOfDatabases } from './measured.ts';
import { changeDatabase, DATABASE, makeDatabase } from './trading-data.ts';

const say = (text: string) => process.stderr.write(`${text}\n`);

function storedBytes(work: string): number {
  const files = readdirSync(join(work, STORED), { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** What is in every table, whatever the order of its rows. */
function contents(server: PostgresServer, database: string): string {
  const tables = server.query(
    `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
    database,
  );
  const sums = tables
    .split('\n')
    .map((table) => `SELECT '${table}', count(*), sum(hashtextextended(t::text, 0)::numeric) FROM ${table} t;`);
  return server.query(sums.join('\n'), database);
}

/** The server on the first processor, the program on the others: as where a server has a machine of its own. */
function keepApart(server: PostgresServer): (command: Command) => Command {
  const [pid = ''] = readFileSync(join(server.folder, 'data/postmaster.pid'), 'utf8').split('\n');
  // Whatever it starts goes where it is.
  execFileSync('taskset', ['-apc', '0', pid]);
  const others = `1-${availableParallelism() - 1}`;
  return ({ command, args, ...rest }) => ({ ...rest, command: 'taskset', args: ['-c', others, command, ...args] });
}

class DatabaseBenchmark {
  readonly #server: PostgresServer;
  readonly #folder: string;
  readonly #placed: (command: Command) => Command;

  constructor(server: PostgresServer, folder: string, placed: (command: Command) => Command) {
    this.#server = server;
    this.#folder = folder;
    this.#placed = placed;
  }

  /** All contenders back up the same states of the database: as it is, again, and after a day's changes. */
  round(contenders: readonly DatabaseContender[], seed: number): Map<string, DatabaseRound> {
    const server = this.#server;
    const works = contenders.map((contender) => {
      const work = mkdtempSync(join(this.#folder, 'work-'));
      mkdirSync(join(work, STORED));
      const prepare = contender.prepare(work);
      if (prepare !== undefined) measure(prepare);
      return { contender, work, sizes: [storedBytes(work)] };
    });
    const backUp = (n: number) =>
      works.map(({ contender, work, sizes }) => {
        say(`  ${contender.name}: backup ${n + 1}`);
        const cost = measure(this.#placed(contender.backup(work, n)));
        sizes.push(storedBytes(work));
        return cost;
      });
    const [first, unchanged] = [backUp(0), backUp(1)];
    changeDatabase(server, seed);
    const changed = backUp(2);
    const original = contents(server, DATABASE);
    const rounds = works.map(({ contender, work, sizes }, i) => {
      say(`  ${contender.name}: restore`);
      const restore = measure(this.#placed(contender.restore(work, 2, 'copy')));
      // A backup that does not come back is not a result.
      if (contents(server, 'copy') !== original) throw new Error(`what ${contender.name} restored differs`);
      server.query('DROP DATABASE copy');
      say(`  ${contender.name}: restore, and read back`);
      const read = contender.restoreAndRead(work, 2, 'copy').map((one) => measure(this.#placed(one)));
      server.query('DROP DATABASE copy');
      const [empty = 0, once = 0, twice = 0, thrice = 0] = sizes;
      rmSync(work, { recursive: true });
      return [
        contender.name,
        {
          first: first[i]?.seconds ?? Number.NaN,
          unchanged: unchanged[i]?.seconds ?? Number.NaN,
          changed: changed[i]?.seconds ?? Number.NaN,
          restore: restore.seconds,
          restoreAndRead: read.reduce((sum, { seconds }) => sum + seconds, 0),
          processor: first[i]?.processorSeconds ?? Number.NaN,
          restoreProcessor: restore.processorSeconds,
          stored: once - empty,
          storedAgain: twice - once,
          storedChanged: thrice - twice,
          backupPeak: first[i]?.peakBytes ?? Number.NaN,
          restorePeak: restore.peakBytes,
        },
      ] as const;
    });
    return new Map(rounds);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '1200' },
      rounds: { type: 'string', default: '3' },
      level: { type: 'string', default: '6' },
      seed: { type: 'string', default: '1' },
      packaged: { type: 'boolean', default: false },
      apart: { type: 'boolean', default: false },
    },
  });
  const [size = 0, rounds = 0, level = 0, seed = 0] = [values.size, values.rounds, values.level, values.seed].map(
    Number,
  );
  if (!(size > 0 && rounds > 0 && level > 0 && Number.isInteger(seed)))
    throw new Error('--size (MB), --rounds, --level and --seed are numbers');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-benchmark-'));
  // As much memory as a small server has; no fsync, for everybody: it is the programs that are compared, not the disk.
  const settings = {
    shared_buffers: '512MB',
    max_wal_size: '8GB',
    maintenance_work_mem: '256MB',
    synchronous_commit: 'off',
  };
  try {
    await using server = await PostgresServer.start({ settings });
    say('database …');
    makeDatabase(server, size * 1e6, seed);
    const bytes = Number(server.query('SELECT pg_database_size(current_database())', DATABASE));
    const contenders = [holdfast(programOf(values.packaged), server, level), pgDump(server)];
    const results: Map<string, DatabaseRound[]> = new Map(contenders.map(({ name }) => [name, []]));
    const benchmark = new DatabaseBenchmark(server, folder, values.apart ? keepApart(server) : (command) => command);
    for (let n = 0; n < rounds; n++) {
      say(`round ${n + 1} of ${rounds}`);
      // Another one begins every round, so that none always profits from what the one before it left in memory.
      const order = n % 2 === 0 ? contenders : contenders.toReversed();
      for (const [name, round] of benchmark.round(order, seed + 100 * n)) results.get(name)?.push(round);
    }
    const version = server.query('SHOW server_version').split(' ')[0];
    const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`;
    const what = `${(bytes / 1e6).toFixed(0)} MB of pgbench and text on PostgreSQL ${version}, seed ${seed}`;
    const title = `\n${what}; ${PARALLEL} tables at once${values.apart ? ', the server apart' : ''}; median of ${rounds}\n${machine}\n\n`;
    process.stdout.write(title + renderResults(measuredOfDatabases, results satisfies Rounds<keyof DatabaseRound>));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
