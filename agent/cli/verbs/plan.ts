import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../../config/policy.ts';
import type { PluginRegistry } from '../../config/registry.ts';
import { fail, type Json, type Plugin } from '../../contract/index.ts';
import { EXIT, type Exit } from '../exit.ts';
import { type Forecast, forecast } from '../forecast.ts';
import type { Invocation } from '../invocation.ts';
import { formatAge, formatDuration, formatTime } from '../output/duration.ts';
import { spokenUnclear } from '../output/forget-plan.ts';
import { printable } from '../output/printable.ts';
import { keptAndRemoved, keptAnywhere, spokenRetained } from '../output/retained.ts';
import { formatCounted, formatSize } from '../output/size.ts';
import { renderFacts } from '../output/table.ts';
import { chooseJobs, requirePolicy } from '../policy.ts';
import { planDiff } from './plan-diff.ts';

export interface PlanOptions {
  readonly diff?: string;
  readonly markdown?: boolean;
  readonly offline?: boolean;
}

/** Shows what `run` would do, when, and what retention would keep. Changes nothing; with `--diff`, see plan-diff.ts. */
export async function plan(invocation: Invocation, names: readonly string[], options: PlanOptions): Promise<Exit> {
  if (options.diff !== undefined && names.length === 0) return planDiff(invocation, options.diff, options);
  if (options.diff !== undefined || options.markdown) {
    const message =
      options.diff === undefined ? '--markdown belongs to --diff.' : '--diff compares whole policies, not jobs.';
    return fail({
      code: 'USAGE',
      message,
      origin: 'agent',
      permanent: true,
      hint: `${invocation.command('plan --help')} shows both.`,
    });
  }
  const { terminal } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  const jobs = chooseJobs(policy, names);
  const { jobs: forecasts, unclear = [] } = await forecast(invocation, policy, jobs, {
    plugins,
    offline: options.offline === true,
  });
  for (const id of unclear) terminal.warn(spokenUnclear(id));
  if (terminal.options.json) {
    terminal.json({
      policy: policy.file,
      hash: policy.hash,
      host: policy.host,
      limits: policy.limits,
      jobs: jobs.map((job) => ({ ...described(job), ...expected(forecasts.get(job.name)) })),
      idle: policy.idle,
    });
    return EXIT.ok;
  }
  const paint = terminal.paint.data;
  for (const job of jobs) {
    const known = [...facts(job, plugins), ...forecastFacts(job, forecasts.get(job.name), invocation.now())];
    terminal.data(`${paint('bold', job.name)}\n${renderFacts(known, paint)}\n`);
  }
  for (const [name, { reason }] of Object.entries(policy.idle)) {
    terminal.message(
      `${printable(name)} does not run here: ${reason === 'disabled' ? 'it is disabled' : 'it is for other hosts'}.`,
    );
  }
  if (jobs.length === 0) terminal.message('The policy has no jobs for this host.');
  else terminal.message(`Nothing was backed up or removed. Next: ${invocation.command(['run', ...names].join(' '))}`);
  return EXIT.ok;
}

function expected(forecast: Forecast | undefined): Record<string, Json> {
  const { next = [], last, estimate, retention, lacking = [], unavailable = [] } = forecast ?? {};
  const retained = retention === undefined || 'failure' in retention ? undefined : retention;
  return {
    next: next.map((time) => time.toISOString()),
    last: last === undefined ? null : { started: last.started, state: last.state, snapshot: last.snapshot ?? null },
    estimate: estimate === undefined ? null : { ...estimate },
    lacking: [...lacking],
    unavailable: unavailable.map(({ target, failure: { code, message } }) => ({ target, code, message })),
    ...(retained === undefined ? { keep: null, remove: null } : keptAnywhere(retained)),
    tiers: retained?.map(({ targets, rows }) => ({ targets: [...targets], ...keptAndRemoved(rows) })) ?? null,
  };
}

function forecastFacts(job: Job, forecast: Forecast | undefined, now: Date): [string, string][] {
  const { next = [], last, estimate, retention } = forecast ?? {};
  const lacks = lacksOf(forecast ?? {});
  const expectations =
    estimate === undefined
      ? `unknown: ${last === undefined ? 'it has not run here yet' : 'no run of it has ended well here yet'}, and the first run stores everything`
      : `reads ${formatSize(estimate.readBytes)}, stores ${formatSize(estimate.storedBytes)}, takes ${formatDuration(estimate.durationMs)} (as in ${formatCounted(estimate.runs, 'run')} before)`;
  return [
    ...(job.schedule === undefined ? [] : [['next', next.map(formatTime).join('\n')] as [string, string]]),
    ['last', last === undefined ? 'never, here' : `${last.state}, ${formatAge(new Date(last.started), now)}`],
    ...(lacks.length === 0 ? [] : [['lacks', lacks.join('\n')] as [string, string]]),
    ['expected', expectations],
    ...(retention === undefined ? [] : [['retention', spokenRetention(retention)] as [string, string]]),
  ];
}

/** What keeps the newest backup from lying on each target of a job. */
function lacksOf({ lacking = [], unavailable = [] }: Partial<Forecast>): string[] {
  const behind = `the newest snapshot is not on target ${lacking.map(printable).join(', ')}: the run copies it there`;
  const away = unavailable.map(
    ({ failure }) => `${printable(failure.message)}: the run leaves it out until it is back`,
  );
  return [...(lacking.length === 0 ? [] : [behind]), ...away];
}

function spokenRetention(retention: NonNullable<Forecast['retention']>): string {
  if ('failure' in retention) return `unknown: ${printable(retention.failure.message)}`;
  return spokenRetained(retention);
}

function described(job: Job): Record<string, Json> {
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
    schedule: schedule?.text ?? null,
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
    ['when', schedule?.text ?? 'by hand'],
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

function inline(value: Json): string {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(inline).join(', ');
  return printable(JSON.stringify(value));
}
