import { randomBytes } from 'node:crypto';
import { addAbortListener } from 'node:events';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { Static } from 'typebox';
import { NAME_PATTERN } from '../config/name.ts';
import type { Job, Policy, SourceSpec } from '../config/policy.ts';
import type { Registered } from '../config/registry.ts';
import {
  type BackupRequest,
  definePlugin,
  fail,
  failureOf,
  type Plan,
  type Reader,
  type Restored,
  type RestoreRequest,
  type Sink,
  type Source,
  Type,
  type Verdict,
} from '../contract/index.ts';

const TYPE = 'stdin';
const options = Type.Object({ name: Type.String({ description: 'What the stream is stored as.' }) });

/**
 * Stdin as a source: `pg_dump … | holdfast run --stdin orders.sql`. Not among the plugins that a policy may name, because it
 * exists for one command line only.
 */
export function stdinPlugin(input: Readable): Registered {
  const plugin = definePlugin({
    kind: 'source',
    name: TYPE,
    api: 1,
    version: '0.1.0',
    stability: 'beta',
    summary: 'What comes in on stdin.',
    options,
    can: [],
    open: async ({ name }, { signal }) => {
      // Whoever writes to us may be silent for ever: an interruption must not wait for the next byte.
      addAbortListener(signal, () => input.destroy());
      return new StdinSource(name, input);
    },
  });
  return { plugin, module: import.meta.url };
}

/** The source that a stream of this name was stored from. */
export function stdinSpec(name: string, at: SourceSpec['at']): SourceSpec {
  return { name, type: TYPE, options: { name } satisfies Static<typeof options>, at };
}

/** A job of its own, that stores the stream as `template` stores its source. Without a template, the policy's only job. */
export function stdinJob(policy: Policy, name: string, template: string | undefined): Job {
  const jobs = Object.values(policy.jobs);
  const [only] = jobs;
  const job = template === undefined ? (jobs.length === 1 ? only : undefined) : policy.jobs[template];
  if (!job)
    return refuse(
      `--stdin needs --job <job>, to know where to store it.`,
      `The policy has: ${Object.keys(policy.jobs).join(', ')}`,
    );
  if (!new RegExp(NAME_PATTERN).test(name))
    refuse(`--stdin ${JSON.stringify(name)} is no name for a source.`, 'Use a-z, 0-9, ".", "_", "-".');
  if (policy.jobs[name] || policy.sources[name])
    refuse(`The policy already has a job or source named ${name}.`, 'Give what comes in on stdin a name of its own.');
  return { ...job, name, source: stdinSpec(name, job.at), select: null };
}

class StdinSource implements Source {
  readonly #name: string;
  readonly #input: Readable;

  constructor(name: string, input: Readable) {
    this.#name = name;
    this.#input = input;
  }

  async probe(): Promise<null> {
    return null;
  }

  async backup(_request: BackupRequest, out: Sink): Promise<Verdict> {
    await out.bytes(this.#name, this.#bytes(), { chunker: 'cdc' });
    return { facts: { stdin: true } };
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const block of this.#input) if (block.length > 0) yield block;
    } catch (error) {
      const { message } = failureOf(error, { code: 'SOURCE_IO', origin: 'source' });
      fail({ code: 'SOURCE_IO', message: `stdin: ${message}`, origin: 'source', permanent: false }, error);
    }
  }

  async plan(request: RestoreRequest): Promise<Plan> {
    return { steps: [`write ${this.#file(request)}`], state: null };
  }

  async restore(_plan: Plan, request: RestoreRequest, from: Reader): Promise<Restored> {
    const file = this.#file(request);
    const facts = { file };
    const replaces = request.conflict === 'replace';
    // What is to be replaced stays until all of the new one is there.
    const written = replaces ? `${file}.${randomBytes(6).toString('hex')}.tmp` : file;
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await this.#write(written, from);
      if (replaces) await rename(written, file);
      return { facts, skipped: [] };
    } catch (error) {
      if (replaces) await rm(written, { force: true });
      if (!(error instanceof Error && 'code' in error)) throw error;
      const exists = error.code === 'EEXIST';
      const failure = {
        code: exists ? 'RESTORE_CONFLICT' : 'RESTORE_IO',
        message: `${file}: ${exists ? 'is there already' : error.message}`,
        origin: 'source',
        permanent: exists,
        hint: 'Restore to another folder, or say --conflict replace.',
      } as const;
      if (exists && request.conflict === 'skip') return { facts, skipped: [{ what: file, failure }] };
      return fail(failure, error);
    }
  }

  /** Makes the file, whole or not at all. */
  async #write(file: string, from: Reader): Promise<void> {
    await using handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(from.bytes(this.#name));
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }

  #file({ into }: RestoreRequest): string {
    if ('folder' in into) return path.join(into.folder, this.#name);
    return refuse('What came in on stdin is restored to a folder.', 'Name one with --into <folder>.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#input.destroy();
  }
}

function refuse(message: string, hint: string): never {
  fail({ code: 'USAGE', message, origin: 'agent', permanent: true, hint });
}
