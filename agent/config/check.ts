import path from 'node:path';
import type { Json } from '../contract/index.ts';
import { hashOf } from './canonical.ts';
import { codes } from './codes.ts';
import type { Path, Positions } from './diagnostic.ts';
import { type EntryKind, type Options, readEntry } from './entries.ts';
import { checkAlerts } from './meaning/alerts.ts';
import { checkMeaning } from './meaning/check.ts';
import { checkStages } from './pipeline.ts';
import { checkPlans, checkSteps } from './plans.ts';
import { type Absolute, isSchema } from './plugin-options.ts';
import type { Policy } from './policy.ts';
import type { Problem } from './problem.ts';
import { checkReferences } from './references.ts';
import type { PluginRegistry } from './registry.ts';
import { type Checked, Resolver } from './resolve.ts';
import { readSchedules } from './schedules.ts';
import { isSkeleton } from './shape.ts';
import { checkTimes } from './times.ts';
import { tellUnavailable } from './unavailable.ts';

export interface Written {
  readonly content: Json;
  readonly positions: Positions;
  /** Absolute; relative paths in the policy are relative to its folder. */
  readonly file: string;
  readonly host: string;
  readonly plugins: PluginRegistry;
}

/** Finds all that is wrong with a policy, in no particular order. `policy` is absent when any of it is an error. */
export function checkPolicy(written: Written): { policy?: Policy; problems: Problem[] } {
  const { content, file, positions, host, plugins } = written;
  const absolute: Absolute = (relative, at) => path.resolve(path.dirname(positions.valueAt(at).at.file), relative);
  const problems: Problem[] = [];
  const skeleton = structuredClone(content);
  const shaped = isSkeleton(skeleton, problems);
  const misspelt = problems.flatMap(({ code, path: at, suggestion }) =>
    code === 'HF2001' && at.length === 1 ? [suggestion ?? ''] : [],
  );
  const entries = new EntryReader(content, plugins, absolute, problems);
  const parts = {
    sources: entries.section('sources', 'source'),
    targets: entries.section('targets', 'target'),
    pipelines: entries.pipelines(),
    notifiers: entries.section('notifiers', 'notifier'),
  };
  const schedules = readSchedules(content);
  problems.push(...schedules.problems, ...checkSteps(content), ...checkReferences(content, new Set(misspelt)));
  problems.push(...checkTimes(content));
  problems.push(...tellUnavailable(content));
  if (!shaped || problems.some(({ code }) => codes[code].severity === 'error')) return { problems };
  const frame = { file, folder: path.dirname(file), host, positions, hash: hashOf(effective(content)), absolute };
  const policy = resolved({ skeleton, ...parts, schedules: schedules.read }, frame);
  problems.push(...checkMeaning(policy, plugins), ...checkAlerts(content), ...checkPlans(content, policy, plugins));
  return problems.some(({ code }) => codes[code].severity === 'error') ? { problems } : { policy, problems };
}

/** What a policy says for its host: how it came about (files, defaults, overrides) does not count. */
function effective(content: Json): Json {
  if (!isSchema(content)) return content;
  const { include: _, hosts: __, defaults: ___, ...rest } = content;
  return rest as Json;
}

type Frame = Pick<Policy, 'file' | 'folder' | 'host' | 'positions' | 'hash'> & { readonly absolute: Absolute };

function resolved(checked: Checked, { absolute, ...frame }: Frame): Policy {
  const resolver = new Resolver(checked, { host: frame.host, positions: frame.positions, absolute });
  const declared = {
    recipients: resolver.recipients(),
    sources: resolver.sources(),
    targets: resolver.targets(),
    pipelines: resolver.pipelines(),
    retention: resolver.retention(),
    holds: resolver.holds(),
    domains: resolver.domains(),
    notifiers: resolver.notifiers(),
  };
  return { ...frame, ...declared, limits: resolver.limits(), ...resolver.jobs(declared) };
}

/** Reads the entries that plugins describe, also of a policy that has other mistakes. */
class EntryReader {
  readonly #root: Readonly<Record<string, unknown>>;
  readonly #registry: PluginRegistry;
  readonly #absolute: Absolute;
  readonly #problems: Problem[];

  constructor(content: Json, registry: PluginRegistry, absolute: Absolute, problems: Problem[]) {
    this.#root = isSchema(content) ? content : {};
    this.#registry = registry;
    this.#absolute = absolute;
    this.#problems = problems;
  }

  section(section: 'sources' | 'targets' | 'notifiers', kind: EntryKind): Map<string, Options> {
    const read = new Map<string, Options>();
    for (const [name, written] of this.#entries(section)) {
      const options = this.#read(written, kind, [section, name]);
      if (options !== undefined) read.set(name, options);
    }
    return read;
  }

  pipelines(): Map<string, { readonly chunk: Options; readonly compress: Options }> {
    const chunk = this.#standard('fastcdc', 'chunker');
    const compress = this.#standard('zstd', 'codec');
    const read = new Map(chunk && compress ? [['standard', { chunk, compress }]] : []);
    for (const [name, steps] of this.#entries('pipelines')) {
      const at = ['pipelines', name];
      this.#problems.push(...checkStages(steps, at));
      const stages = this.#stages(steps, at);
      if (stages !== undefined) read.set(name, stages);
    }
    return read;
  }

  #stages(steps: unknown, at: Path): { chunk: Options; compress: Options } | undefined {
    let chunk: Options | undefined;
    let compress: Options | undefined;
    for (const [index, step] of Array.isArray(steps) ? steps.entries() : []) {
      if (!isSchema(step)) continue;
      if ('chunk' in step) chunk = this.#read(step['chunk'], 'chunker', [...at, index, 'chunk']);
      if ('compress' in step) compress = this.#read(step['compress'], 'codec', [...at, index, 'compress']);
    }
    return chunk && compress ? { chunk, compress } : undefined;
  }

  /** A stage of the pipeline that nobody has to declare, when its plugin is there. */
  #standard(name: string, kind: EntryKind): Options | undefined {
    return this.#registry.get(kind, name) === undefined ? undefined : this.#read(name, kind, []);
  }

  #read(written: unknown, kind: EntryKind, at: Path): Options | undefined {
    const place = { registry: this.#registry, kind, path: at, absolute: this.#absolute };
    const { entry, problems } = readEntry(written, place);
    this.#problems.push(...problems);
    return entry;
  }

  #entries(section: string): [string, unknown][] {
    const entries = this.#root[section];
    return isSchema(entries) ? Object.entries(entries) : [];
  }
}
