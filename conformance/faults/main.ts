/** `npm run faults [-- --kills 2000 --seed 7 --soak 1h]`: kills the program and makes all that it uses fail; nothing may be lost by it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { campaign } from './kills/campaign.ts';
import { Summary, sumsOfKills } from './summary.ts';
import { runSweeps } from './sweeping.ts';

const HELP = `Usage: npm run faults -- [--kills <n>] [--seed <n>] [--share <n>] [--soak <duration>]

First it kills runs, restores, rotations, prunings and setups of the real program (SIGKILL to the whole process group) until at least <n> of
them were met alive: half of them at random times, half at one of the calls by which they change something on disk. After each
it proves what must hold: every snapshot restores byte for byte, no stored object changes, the next run goes on by itself.
Then it sends SIGINT and SIGTERM, and reads the whole repository: no key and nonce twice, nothing in the clear.

Then it sweeps: what is done without a fault is counted, and done again with a fault at one after the other.
  operations of a target, under run, restore, forget and prune: they fail, are done and say so to nobody, are done by half,
    lag behind, or are the last of their process; once and for ever
  draws from the random source of the process and its threads, under run, restore, forget, prune and repair: they fail, once and
    for ever, or give what they gave before, as in two machines that were copied from one with its memory
  a power cut after any call of run, forget and prune that changes their target's disk: what was not made durable is
    lost, kept, or both; and after any system call of a run that changes its host's state folder
  EIO and ENOSPC from the system calls of the real program on its target's disk
  every bit of a small repository flipped, every object cut short, gone, or another one
After each, what had been acknowledged restores byte for byte before anything is done again, verify finds nothing, the next
one works, failures say the target and what to do, and no key and nonce are used twice.

  --kills <n>        how many; 200 take about two minutes on two idle cores; 0 for none (200)
  --seed <n>         makes another sequence of changes and moments, and draws other cases; the same seed gives the same
                     ones, but for what time decides: printed, so that what found something can be tried again (1)
  --share <n>        of the cases of each sweep, above 0 and at most 1; 1 tries all of them, for about half an hour (what
                     each sweep has about a minute for)
  --soak <duration>  again and again, each time with the next seed, until so much time has gone: 90s, 30m, 8h
  --help             this text

Prints one summary on stdout (faults tried by kind, snapshots lost, wrong bytes, breaches, seeds), progress on stderr.
Exit 0: everything held; 1: something did not, and is named.
`;

interface Asked {
  readonly kills: number;
  readonly seed: number;
  readonly share: number | undefined;
  readonly soakMs: number;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** What was asked for; undefined when it is not to be understood, and `help`. */
function parse(args: string[]): Asked | 'help' | undefined {
  const text = { type: 'string' } as const;
  const options = { kills: text, seed: text, share: text, soak: text, help: { type: 'boolean' } } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ args, options }));
  } catch {
    return undefined;
  }
  if (values.help === true) return 'help';
  const [kills, seed, share] = [Number(values.kills ?? 200), Number(values.seed ?? 1), Number(values.share ?? 1)];
  const [, count = '', unit = ''] = /^(\d+)([smh])$/.exec(values.soak ?? '0s') ?? [];
  const soakMs = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (!Number.isSafeInteger(kills) || kills < 0 || !Number.isSafeInteger(seed) || seed < 0) return undefined;
  if (!(share > 0 && share <= 1) || Number.isNaN(soakMs)) return undefined;
  return { kills, seed, share: values.share === undefined ? undefined : share, soakMs };
}

async function main(): Promise<number> {
  const asked = parse(process.argv.slice(2));
  if (asked === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (asked === undefined) {
    process.stderr.write(
      '--kills and --seed are whole numbers, --share is above 0 and at most 1, --soak is like 30m; see --help\n',
    );
    return 64;
  }
  const compiled = mkdtempSync(join(tmpdir(), 'holdfast-compiled-'));
  process.on('exit', () => rmSync(compiled, { recursive: true, force: true }));
  const say = (words: string) => process.stderr.write(`${words}\n`);
  const started = performance.now();
  const summary = new Summary();
  let { seed } = asked;
  do {
    say(`seed ${seed}, ${asked.kills} kills`);
    if (asked.kills > 0) {
      const figures = await campaign({ kills: asked.kills, seed, say });
      say(figures.render());
      summary.add([sumsOfKills(figures, { kills: asked.kills, seed })]);
    }
    summary.add(await runSweeps({ seed, share: asked.share, compiled, say }));
    say(`seed ${seed}: ${summary.held ? 'everything held' : 'something did not hold'}`);
    seed++;
  } while (performance.now() - started < asked.soakMs);
  process.stdout.write(`${summary.render()}${((performance.now() - started) / 1000).toFixed(0)} s\n`);
  return summary.held ? 0 : 1;
}

process.exitCode = await main();
