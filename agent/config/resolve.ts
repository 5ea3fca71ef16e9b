import { availableParallelism } from 'node:os';
import { fail } from '../contract/index.ts';
import type { At, Path, Positions } from './diagnostic.ts';
import { type SharedDomain, sharedBy } from './domains.ts';
import { parseSpan } from './duration.ts';
import type { Options } from './entries.ts';
import { matchesHost } from './merging/hosts.ts';
import type { Absolute } from './plugin-options.ts';
import type {
  HoldSpec,
  IdleJob,
  Job,
  Limits,
  Objectives,
  Pipeline,
  PluginSpec,
  Policy,
  RecipientSpec,
  RetentionSpec,
  SourceSpec,
} from './policy.ts';
import { holdOf, retentionOf } from './retained.ts';
import type { Schedule } from './schedule.ts';
import type { Skeleton } from './schema.ts';
import { parseSize } from './size.ts';

/** What was checked: the policy's own fields with defaults, and the entries of plugins by kind and name. */
export interface Checked {
  readonly skeleton: Skeleton;
  readonly sources: ReadonlyMap<string, Options>;
  readonly targets: ReadonlyMap<string, Options>;
  readonly pipelines: ReadonlyMap<string, { readonly chunk: Options; readonly compress: Options }>;
  readonly notifiers: ReadonlyMap<string, Options>;
  /** Of jobs, by their names. */
  readonly schedules: ReadonlyMap<string, Schedule>;
}

export interface Surroundings {
  readonly host: string;
  readonly positions: Positions;
  readonly absolute: Absolute;
}

/** Puts things in the place of names and numbers in the place of units. The policy must have no errors. */
export class Resolver {
  readonly #checked: Checked;
  readonly #around: Surroundings;

  constructor(checked: Checked, around: Surroundings) {
    this.#checked = checked;
    this.#around = around;
  }

  recipients(): Record<string, RecipientSpec> {
    return each(this.#checked.skeleton.recipients, (name, { publicKey }) => ({
      name,
      publicKey: this.#around.absolute(publicKey, ['recipients', name, 'publicKey']),
      at: this.#at(['recipients', name]),
    }));
  }

  targets(): Record<string, PluginSpec> {
    return this.#specs('targets', this.#checked.targets);
  }

  notifiers(): Record<string, PluginSpec> {
    return this.#specs('notifiers', this.#checked.notifiers);
  }

  #specs(section: string, entries: ReadonlyMap<string, Options>): Record<string, PluginSpec> {
    return each(Object.fromEntries(entries), (name, entry) => ({ name, ...entry, at: this.#at([section, name]) }));
  }

  sources(): Record<string, SourceSpec> {
    const written = this.#checked.skeleton.sources ?? {};
    return each(Object.fromEntries(this.#checked.sources), (name, entry) => {
      const objectives = written[name]?.objectives;
      const at = this.#at(['sources', name]);
      return { name, ...entry, at, ...(objectives && { objectives: objectivesOf(objectives) }) };
    });
  }

  pipelines(): Record<string, Pipeline> {
    return each(Object.fromEntries(this.#checked.pipelines), (name, stages) => ({
      name,
      ...stages,
      encrypt: 'aes-256-gcm',
      checksum: 'sha256',
    }));
  }

  retention(): Record<string, RetentionSpec> {
    const declared = each(
      this.#checked.skeleton.retention ?? {},
      (name, written): RetentionSpec => ({ name, at: this.#at(['retention', name]), ...retentionOf(written) }),
    );
    return { default: { name: 'default', at: this.#at([]), ...retentionOf({}) }, ...declared };
  }

  holds(): HoldSpec[] {
    return Object.entries(this.#checked.skeleton.holds ?? {}).map(([name, written]) => {
      return { name, at: this.#at(['holds', name]), ...holdOf(written) };
    });
  }

  domains(): Record<string, SharedDomain> {
    return each(this.#checked.skeleton.domains ?? {}, (name, { hosts, retention }) => {
      return { name, hosts, retention, at: this.#at(['domains', name]) };
    });
  }

  limits(): Limits {
    const { workers, memory, files } = this.#checked.skeleton.limits;
    return {
      workers: workers ?? Math.min(8, availableParallelism()),
      memoryBytes: parseSize(memory) ?? 0,
      files,
    };
  }

  jobs(declared: {
    readonly recipients: Readonly<Record<string, RecipientSpec>>;
    readonly sources: Readonly<Record<string, SourceSpec>>;
    readonly targets: Readonly<Record<string, PluginSpec>>;
    readonly pipelines: Readonly<Record<string, Pipeline>>;
    readonly retention: Readonly<Record<string, RetentionSpec>>;
    readonly domains: Readonly<Record<string, SharedDomain>>;
  }): Pick<Policy, 'jobs' | 'idle'> {
    const idle: Record<string, IdleJob> = {};
    const active: [string, NonNullable<Skeleton['jobs']>[string]][] = [];
    for (const [name, job] of Object.entries(this.#checked.skeleton.jobs ?? {})) {
      const reason = this.#idle(job);
      if (reason === undefined) active.push([name, job]);
      else {
        const { source, select = null, retention, targets } = job;
        idle[name] = { source, select, retention, targets, reason };
      }
    }
    const shared = Object.values(declared.domains).filter((domain) => sharedBy(domain, this.#around.host));
    const jobs = each(Object.fromEntries(active), (name, job): Job => {
      const schedule = this.#checked.schedules.get(name);
      const retention = taken(declared.retention, job.retention);
      const domain = shared.find((one) => one.retention.includes(retention.name));
      const recipients = job.recipients ?? Object.keys(declared.recipients);
      return {
        name,
        source: taken(declared.sources, job.source),
        select: job.select ?? null,
        pipeline: taken(declared.pipelines, job.pipeline),
        targets: job.targets.map((target) => taken(declared.targets, target)),
        retention,
        domain: domain?.name ?? `${this.#around.host}/${retention.name}`,
        recipients: recipients.map((recipient) => taken(declared.recipients, recipient)),
        timeoutMs: parseSpan(job.timeout) ?? 0,
        at: this.#at(['jobs', name]),
        ...(domain && { shared: domain }),
        ...(schedule && { schedule }),
      };
    });
    return { jobs, idle };
  }

  #idle({ enabled, hosts }: { readonly enabled: boolean; readonly hosts?: readonly string[] }) {
    if (!enabled) return 'disabled';
    const here = hosts === undefined || hosts.some((pattern) => matchesHost(pattern, this.#around.host));
    return here ? undefined : 'other hosts';
  }

  #at(path: Path): At {
    const { file, line, column } = this.#around.positions.keyAt(path).at;
    return { file, line, column };
  }
}

function each<A, B>(record: Readonly<Record<string, A>>, make: (name: string, value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, make(name, value)]));
}

function taken<T>(declared: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(declared, name) ? declared[name] : undefined;
  if (found !== undefined) return found;
  return fail({ code: 'POLICY_UNCHECKED', message: `"${name}" is not declared`, origin: 'agent', permanent: true });
}

function objectivesOf({ rpo, rto }: { readonly rpo?: string; readonly rto?: string }): Objectives {
  const [rpoMs, rtoMs] = [rpo, rto].map((text) => (text === undefined ? undefined : parseSpan(text)));
  return { ...(rpoMs !== undefined && { rpoMs }), ...(rtoMs !== undefined && { rtoMs }) };
}
