import type { Job } from '../../config/policy.ts';
import type { Json } from '../../contract/index.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { formatDuration } from '../output/duration.ts';
import { printable } from '../output/printable.ts';
import { renderFacts } from '../output/table.ts';
import { chooseJobs, requirePolicy } from '../policy.ts';

/** Shows what `run` would do. Reads the policy and nothing else. */
export async function plan(invocation: Invocation, names: readonly string[]): Promise<Exit> {
  const { terminal } = invocation;
  const { policy } = await requirePolicy(invocation);
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
  for (const job of jobs) terminal.data(`${paint('bold', job.name)}\n${renderFacts(facts(job), paint)}\n`);
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

function facts(job: Job): [string, string][] {
  const { chunk, compress, encrypt, checksum } = job.pipeline;
  const stages = [shown(chunk.type, chunk.options), shown(compress.type, compress.options), encrypt, checksum];
  return [
    ['reads', shown(`${job.source.name}: ${job.source.type}`, job.source.options)],
    ...(job.select === null ? [] : [['selects', inline(job.select)] as [string, string]]),
    ['stages', stages.join(' → ')],
    ['writes to', job.targets.map((target) => shown(`${target.name}: ${target.type}`, target.options)).join('\n')],
    ['opened by', job.recipients.map((recipient) => recipient.name).join(', ')],
    ['kept as', `${job.retention.name} (domain ${job.domain})`],
    ['when', job.schedule === undefined ? 'by hand' : inline(job.schedule)],
    ['at most', formatDuration(job.timeoutMs)],
  ];
}

/** `zstd level 6`: a name, and the options that say something. */
function shown(name: string, options: Json): string {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return name;
  const said = Object.entries(options).filter(
    ([, value]) => !(Array.isArray(value) && value.length === 0) && value !== false,
  );
  return [name, ...said.map(([key, value]) => `${key} ${inline(value)}`)].join('  ');
}

function inline(value: Json): string {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(inline).join(', ');
  return printable(JSON.stringify(value));
}
