/**
 * `npm run benchmark [-- --size 300 --files 12000 --rounds 3 --seed 1]`: this project and the peers that are installed, on the
 * same generated tree, in turns. Only ratios of one run mean anything: machines and page caches differ.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Contender, findContenders, makeWork, REPOSITORY } from './contenders.ts';
import { Corpus } from './corpus.ts';
import { measure } from './measure.ts';
import { type FilesRound, measuredOfFiles } from './measured.ts';
import { programOf } from './program.ts';
import { renderResults } from './results.ts';

const say = (text: string) => process.stderr.write(`${text}\n`);

function storedBytes(work: string): number {
  const folder = join(work, REPOSITORY);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** A backup that does not come back is not a result. */
function compare(tree: string, restored: string): void {
  const { status, stdout, stderr } = spawnSync('diff', ['-rq', '--no-dereference', tree, restored], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the restored tree differs:\n${stdout.slice(0, 2000)}${stderr.slice(0, 2000)}`);
}

function round(contender: Contender, corpus: Corpus, work: string): FilesRound {
  const { tree } = corpus;
  measure(contender.prepare(work, tree));
  const first = measure(contender.backup(work, tree));
  const stored = storedBytes(work);
  const unchanged = measure(contender.backup(work, tree));
  const before = storedBytes(work);
  corpus.change();
  try {
    const changed = measure(contender.backup(work, tree));
    const added = storedBytes(work) - before;
    const into = makeWork(work, 'restored');
    const restore = measure(contender.restore(work, tree, into));
    compare(tree, contender.restored(tree, into));
    return {
      first: first.seconds,
      unchanged: unchanged.seconds,
      changed: changed.seconds,
      restore: restore.seconds,
      processor: first.processorSeconds,
      stored,
      added,
      backupPeak: first.peakBytes,
      restorePeak: restore.peakBytes,
    };
  } finally {
    corpus.revert();
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '300' },
      files: { type: 'string', default: '12000' },
      rounds: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
      packaged: { type: 'boolean', default: false },
    },
  });
  const [size, files, rounds, seed] = [values.size, values.files, values.rounds, values.seed].map(Number);
  if (!(size && files && rounds && Number.isInteger(seed)))
    throw new Error('--size (MB), --files, --rounds and --seed are numbers');
  const { contenders, missing } = findContenders(programOf(values.packaged));
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holdfast-services');
  mkdirSync(cache, { recursive: true });
  say('corpus …');
  const corpus = Corpus.open(cache, { bytes: size * 1e6, files, seed: seed ?? 1 });
  const results = new Map<string, FilesRound[]>(contenders.map(({ name }) => [name, []]));
  for (let n = 0; n < rounds; n++) {
    // Another one begins every round, so that none always profits from what the one before it left in memory.
    const order = contenders.map((_, i) => contenders[(i + n) % contenders.length]).filter((one) => one !== undefined);
    for (const contender of order) {
      say(`round ${n + 1} of ${rounds}: ${contender.name}`);
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-benchmark-'));
      try {
        results.get(contender.name)?.push(round(contender, corpus, makeWork(folder, contender.name)));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }
  const versions = contenders.map(({ name, version }) => `${name} ${version}`).join(', ');
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`;
  const tree = `${corpus.fileCount} files, ${(corpus.bytes / 1e6).toFixed(0)} MB, seed ${seed}`;
  process.stdout.write(
    `\n${tree}; median of ${rounds}\n${versions}\n${machine}\n\n${renderResults(measuredOfFiles, results)}`,
  );
  if (missing.length > 0) process.stdout.write(`\nNot installed, so not compared: ${missing.join(', ')}\n`);
}

main();
