import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../../config/policy.ts';
import type { PluginRegistry } from '../../config/registry.ts';
import type { Json, Plugin } from '../../contract/index.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { formatDuration } from '../output/duration.ts';
import { printable } from '../output/printable.ts';
import { renderFacts } from '../output/table.ts';
import { chooseJobs, requirePolicy } from '../policy.ts';

/** Shows what `run` would do. Reads the policy and nothing else. */
export async function plan(invocation: Invocation, names: readonly string[]): Promise<Exit> {
  const { terminal } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  const jobs = chooseJobs(policy, names);
  if (terminal.options.json) {
    terminal.json({
      policy: policy.file,
      hash: policy.hash,
      host: policy.host,
      limits: policy.limits,
      jobs: jobs.map(described),
    });
    return EXIT.ok;
  }
  const paint = terminal.paint.data;
  for (const job of jobs) terminal.data(`${paint('bold', job.name)}\n${renderFacts(facts(job, plugins), paint)}\n`);
  if (jobs.length === 0) terminal.message('The policy has no jobs.');
  else terminal.message(`Nothing was read or written. Next: ${invocation.command(['run', ...names].join(' '))}`);
  return EXIT.ok;
}

function described(job: Job): Json {
  const { name, source, select, pipeline, targets, retention, domain, recipients, timeoutMs, schedule } = job;
  return {
    name,
    source: { name: source.name, type: source.type, options: source.options },
    select,
    pipeline: { name: pipeline.name, chunk: stage(pipeline.chunk), compress: stage(pipeline.compress) },
    targets: targets.map((target) => ({ name: target.name, type: target.type })),
    retention: retention.name,
    domain,
    recipients: recipients.map((recipient) => recipient.name),
    timeoutMs,
    schedule: schedule ?? null,
  };
}

function stage({ type, options }: Job['pipeline']['chunk']): Json {
  return { type, options };
}

function facts(job: Job, plugins: PluginRegistry): [string, string][] {
  const { source, pipeline, targets, schedule } = job;
  const { chunk, compress, encrypt, checksum } = pipeline;
  const stages = [
    shown(chunk.type, chunk.options, plugins.get('chunker', chunk.type)),
    shown(compress.type, compress.options, plugins.get('codec', compress.type)),
    encrypt,
    checksum,
  ];
  const places = targets.map(({ name, type, options }) =>
    shown(`${name}: ${type}`, options, plugins.get('target', type)),
  );
  return [
    ['reads', shown(`${source.name}: ${source.type}`, source.options, plugins.get('source', source.type))],
    ...(job.select === null ? [] : [['selects', inline(job.select)] as [string, string]]),
    ['stages', stages.join(' → ')],
    ['writes to', places.join('\n')],
    ['opened by', job.recipients.map((recipient) => recipient.name).join(', ')],
    ['kept as', `${job.retention.name} (domain ${job.domain})`],
    ['when', schedule === undefined ? 'by hand' : spoken(schedule)],
    ['at most', formatDuration(job.timeoutMs)],
  ];
}

/** `zstd  level 6`: a name, and the options that are not what they are by default. */
function shown(name: string, options: Json, plugin: Plugin | undefined): string {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return name;
  const defaults = defaultsOf(plugin);
  const said = Object.entries(options).filter(([key, value]) => !isDeepStrictEqual(value, defaults[key]));
  return [name, ...said.map(([key, value]) => `${key} ${inline(value)}`)].join('  ');
}

function defaultsOf(plugin: Plugin | undefined): Record<string, unknown> {
  const { properties = {} }: { properties?: Readonly<Record<string, { default?: unknown }>> } = plugin?.options ?? {};
  return Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, schema.default]));
}

/** `every 30m`. */
function spoken(schedule: Json): string {
  if (typeof schedule !== 'object' || schedule === null || Array.isArray(schedule)) return inline(schedule);
  return Object.entries(schedule)
    .map(([key, value]) => `${key} ${inline(value)}`)
    .join(', ');
}

function inline(value: Json): string {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(inline).join(', ');
  return printable(JSON.stringify(value));
}
