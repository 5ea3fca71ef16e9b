import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sums } from './sweep/tally.ts';

const here = fileURLToPath(new URL('./', import.meta.url));
/** Whose tests are sweeps: each writes its sums where HOLDFAST_TEST_FIGURES says. The one that waits most comes first. */
const FOLDERS = ['calls', 'sweep', 'randomness', 'power', 'bits'];
/** At a time, one process each. */
const LANES = 2;

export interface SweepOptions {
  readonly seed: number;
  /** Of each sweep, above 0 and at most 1; without it, what each takes of itself. */
  readonly share: number | undefined;
  /** Where compiled code is kept. */
  readonly compiled: string;
  readonly say: (text: string) => void;
}

/** Runs every sweep with a seed, and gives what each came to. One that came to nothing is a breach of its own. */
export async function runSweeps(o: SweepOptions): Promise<Sums[]> {
  const waiting = FOLDERS.flatMap((folder) =>
    readdirSync(join(here, folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name)),
  );
  const sums: Sums[] = [];
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      sums.push(...(await runSweep(file, o)));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return sums;
}

async function runSweep(file: string, o: SweepOptions): Promise<Sums[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-figures-'));
  const figures = join(folder, 'figures');
  const { seed, share, compiled } = o;
  try {
    const args = ['--conditions=source', '--import', import.meta.resolve('tsx'), '--test', join(here, file)];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        HOLDFAST_TEST_FIGURES: figures,
        HOLDFAST_TEST_COMPILED: compiled,
        HOLDFAST_TEST_SEED: String(seed),
        ...(share !== undefined && { HOLDFAST_TEST_SWEEP_SHARE: String(share) }),
      },
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const [exit] = await once(child, 'close');
    const lines = existsSync(figures) ? readFileSync(figures, 'utf8').split('\n').filter(Boolean) : [];
    const sums = lines.map((line) => JSON.parse(line) as Sums);
    for (const one of sums) o.say(`${one.sweep}: ${countOf(one)} faults of ${one.cases} in ${one.seconds} s`);
    const failed = exit !== 0 && sums.every(({ breaches }) => breaches.length === 0);
    if (!failed && sums.length > 0) return sums;
    return [...sums, { ...NOTHING, sweep: file, seed, breaches: [`it ended with ${exit}:\n${said.slice(-4000)}`] }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const NOTHING: Sums = {
  sweep: '',
  seed: 0,
  seconds: 0,
  cases: 0,
  tried: {},
  snapshotsLost: 0,
  wrongBytes: 0,
  breaches: [],
};

function countOf({ tried }: Sums): number {
  return Object.values(tried).reduce((sum, one) => sum + one, 0);
}
