import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a command cost. Peak and processor time are NaN where GNU time is not installed. */
export interface Cost {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly peakBytes: number;
}

const GNU_TIME = '/usr/bin/time';

/** Runs a command to its end and says what it cost, with everything it started. Throws, with what it wrote, unless it exits 0. */
export function measure({ command, args, cwd, env }: Command): Cost {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-measure-'));
  try {
    const report = join(folder, 'cost');
    const timed = existsSync(GNU_TIME);
    const [program = command, ...rest] = timed
      ? [GNU_TIME, '-o', report, '-f', '%U %S %M', command, ...args]
      : [command, ...args];
    const started = performance.now();
    const { status, error, stdout, stderr } = spawnSync(program, rest, {
      cwd,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const seconds = (performance.now() - started) / 1000;
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    const [user = Number.NaN, system = Number.NaN, peakKiB = Number.NaN] = timed
      ? readFileSync(report, 'utf8').trim().split(' ').map(Number)
      : [];
    return { seconds, processorSeconds: user + system, peakBytes: peakKiB * 1024 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
