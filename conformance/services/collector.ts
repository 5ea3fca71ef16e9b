import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import {
  decodeLogs,
  decodeMetrics,
  decodeSpans,
  type ReceivedLog,
  type ReceivedPoint,
  type ReceivedSpan,
} from './otlp-json.ts';

const source = fileURLToPath(new URL('./collector/', import.meta.url));

/** Everything a Collector took, decoded from the files it wrote; `text` is those files as they are. */
export interface Collected {
  readonly spans: readonly ReceivedSpan[];
  readonly points: readonly ReceivedPoint[];
  readonly logs: readonly ReceivedLog[];
  readonly text: string;
}

/**
 * The OpenTelemetry Collector, of the release that collector/go.mod names: the program that HOLDFAST_TEST_COLLECTOR names, or one
 * that is built by Go once a machine and kept in the cache. Undefined where there is neither it nor a Go that can build it.
 */
export async function findCollector(): Promise<string | undefined> {
  const named = process.env['HOLDFAST_TEST_COLLECTOR'];
  if (named !== undefined) return named;
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(await readFile(join(source, file)));
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'holdfast-services');
  const program = join(cache, `collector-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  return (await canBuild()) ? build(cache, program) : undefined;
}

async function canBuild(): Promise<boolean> {
  const [, least = ''] = /^go ([\d.]+)$/m.exec(await readFile(join(source, 'go.mod'), 'utf8')) ?? [];
  const { exit, output } = await go(['env', 'GOVERSION']);
  const installed = /^go(\d+\.\d+)/.exec(output)?.[1];
  return exit === 0 && installed !== undefined && newerOrSame(installed, least);
}

function newerOrSame(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** Under another name first: whoever finds it in the cache finds it whole. */
async function build(cache: string, program: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'building-'));
  try {
    const built = join(scratch, 'collector');
    const { exit, output } = await go(['build', '-trimpath', '-ldflags=-s -w', '-o', built, '.']);
    if (exit !== 0) throw new Error(`the Collector cannot be built:\n${output.slice(-4000)}`);
    await rename(built, program);
    return program;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function go(args: readonly string[]): Promise<{ exit: number | null; output: string }> {
  const child = spawn('go', args, { cwd: source, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close').catch(() => [127]);
  const [output, errors, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exit, output: output + errors };
}

/** A running Collector on loopback, with its configuration and its files in a temporary folder. */
export class Collector implements AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(process: ChildProcess, folder: string, endpoint: string) {
    this.#process = process;
    this.#folder = folder;
    this.endpoint = endpoint;
  }

  static async start(program: string): Promise<Collector> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-collector-'));
    const address = `127.0.0.1:${await freePort()}`;
    await writeFile(join(folder, 'config.yaml'), configuration(address, folder));
    const child = spawn(program, ['--config', `file:${join(folder, 'config.yaml')}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    process.on('exit', () => child.kill('SIGKILL'));
    const collector = new Collector(child, folder, `http://${address}`);
    try {
      await collector.#ready();
      return collector;
    } catch (error) {
      await collector[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Stops answering, or goes on, with every connection kept open. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal);
  }

  /** Ends it, so that its files are whole, and reads them. */
  async collected(): Promise<Collected> {
    await this.#end('SIGTERM');
    const [traces, metrics, logs] = await Promise.all(
      ['traces', 'metrics', 'logs'].map((name) => readFile(join(this.#folder, `${name}.json`), 'utf8')),
    );
    const requests = (lines = ''): unknown[] =>
      lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    return {
      spans: requests(traces).flatMap(decodeSpans),
      points: requests(metrics).flatMap(decodeMetrics),
      logs: requests(logs).flatMap(decodeLogs),
      text: `${traces}${metrics}${logs}`,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'close');
    this.#process.kill(signal);
    await ended;
  }

  async #ready(): Promise<void> {
    let said = '';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#process.on('error', reject).on('close', () => reject(new Error(`the Collector ended:\n${said}`)));
    this.#process.stderr?.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      if (said.includes('Everything is ready')) resolve();
    });
    await promise;
  }
}

/** One file for each signal, in JSON lines: the default format of the file exporter. */
function configuration(address: string, folder: string): string {
  const signals = ['traces', 'metrics', 'logs'];
  return JSON.stringify({
    receivers: { otlp: { protocols: { http: { endpoint: address } } } },
    exporters: Object.fromEntries(
      signals.map((signal) => [`file/${signal}`, { path: join(folder, `${signal}.json`) }]),
    ),
    service: {
      pipelines: Object.fromEntries(
        signals.map((signal) => [signal, { receivers: ['otlp'], exporters: [`file/${signal}`] }]),
      ),
    },
  });
}
