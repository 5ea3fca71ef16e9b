/** `npm run faults [-- --kills 2000 --seed 7]`: kills the real program at random moments, and proves that nothing is lost by it. */
import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';

const HELP = `Usage: npm run faults -- [--kills <n>] [--seed <n>]

Kills runs, restores and setups of the real program (SIGKILL to the whole process group) until at least <n> of them
were met alive: half of them at random times, half at one of the calls by which they change something on disk. After each it proves
what must hold: every snapshot restores byte for byte, no stored object changes, the next run goes on by itself.
Then it sends SIGINT and SIGTERM, and reads the whole repository: no key and nonce twice, nothing in the clear.

  --kills <n>  how many; 200 take about two minutes on two idle cores (200)
  --seed <n>   makes another sequence of changes and moments; the same seed gives the same one, but for what time
               decides: printed, so that a run that found something can be tried again (1)
  --help       this text

Prints figures on stdout, progress on stderr. Exit 0: everything held; 1: something did not, and is named.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  if (!Number.isSafeInteger(kills) || kills < 1 || !Number.isSafeInteger(seed) || seed < 0) {
    process.stderr.write('--kills and --seed are whole numbers; see --help\n');
    return 64;
  }
  process.stderr.write(`seed ${seed}, ${kills} kills\n`);
  const started = performance.now();
  const figures = await campaign({ kills, seed, say: (text) => process.stderr.write(`${text}\n`) });
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`seed ${seed}, ${seconds} s\n${figures.render()}`);
  return figures.breaches.length === 0 && figures.killCount >= kills ? 0 : 1;
}

process.exitCode = await main();
