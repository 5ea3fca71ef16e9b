/**
 * `npm run profile [-- --size 300 --seed 1]`: where the time of a first backup, of one that finds nothing changed and of a restore goes, by
 * thread and function, for many small files, for the benchmark's tree and for few large files. The sampling itself costs some of it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { holdfast, makeWork } from '../contenders.ts';
import { Corpus, type Shape } from '../corpus.ts';
import { type Command, measure } from '../measure.ts';
import { programOf } from '../program.ts';
import { readThreadProfiles, type ThreadProfile } from './thread-profile.ts';

/** Functions of a thread that are shown. */
const SHOWN = 12;
/** Microseconds between samples. */
const INTERVAL = '500';

/** Runs it with a profile of every thread. */
function profile(what: string, { args, ...rest }: Command, folder: string): string {
  mkdirSync(folder);
  const profiling = ['--cpu-prof', '--cpu-prof-interval', INTERVAL, '--cpu-prof-dir', folder];
  const { seconds, processorSeconds, peakBytes } = measure({ ...rest, args: [...profiling, ...args] });
  const cost = `${seconds.toFixed(2)} s, ${processorSeconds.toFixed(2)} s of processor time, ${(peakBytes / 1e6).toFixed(0)} MB`;
  return `\n${what}: ${cost}\n${readThreadProfiles(folder).map(threadInWords).join('')}`;
}

function threadInWords({ thread, busySeconds, idleSeconds, functions }: ThreadProfile): string {
  const lines = functions
    .slice(0, SHOWN)
    .map(({ name, seconds }) => `    ${((100 * seconds) / busySeconds).toFixed(1).padStart(5)} %  ${name}\n`);
  return `  ${thread}: ${busySeconds.toFixed(2)} s busy, ${idleSeconds.toFixed(2)} s idle\n${lines.join('')}`;
}

function profileShape(shape: Shape, cache: string, packaged: boolean): void {
  const corpus = Corpus.open(cache, shape);
  process.stdout.write(`\n== ${corpus.fileCount} files, ${(corpus.bytes / 1e6).toFixed(0)} MB, seed ${shape.seed}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-profile-'));
  try {
    const program = holdfast(programOf(packaged));
    const work = makeWork(folder, 'work');
    measure(program.prepare(work, corpus.tree));
    const backup = program.backup(work, corpus.tree);
    process.stdout.write(profile('first backup', backup, join(folder, 'first')));
    process.stdout.write(profile('nothing changed', backup, join(folder, 'unchanged')));
    const restore = program.restore(work, corpus.tree, makeWork(work, 'restored'));
    process.stdout.write(profile('restore', restore, join(folder, 'restore')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '300' },
      seed: { type: 'string', default: '1' },
      packaged: { type: 'boolean', default: false },
    },
  });
  const [size = 0, seed = 0] = [values.size, values.seed].map(Number);
  if (!(size > 0 && Number.isInteger(seed))) throw new Error('--size (MB) and --seed are numbers');
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holdfast-services');
  mkdirSync(cache, { recursive: true });
  // Files a megabyte: source trees, the benchmark's mixture, images and databases.
  for (const perMegabyte of [330, 40, 0.1]) {
    const files = Math.max(10, Math.round(size * perMegabyte));
    profileShape({ bytes: size * 1e6, files, seed }, cache, values.packaged);
  }
}

main();
