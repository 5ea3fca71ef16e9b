import type { TargetPlugin } from '../contract/index.ts';
import type { Policy } from './policy.ts';
import type { Problem } from './problem.ts';
import type { PluginRegistry } from './registry.ts';

/** What is written rightly, and still cannot be meant. */
export function checkMeaning(policy: Policy, registry: PluginRegistry): Problem[] {
  return [
    ...samePlaces(policy, registry),
    ...swallowed(policy, registry),
    ...idleSelections(policy, registry),
    ...divided(policy),
    ...unprotected(policy),
  ];
}

function samePlaces({ jobs, targets }: Policy, registry: PluginRegistry): Problem[] {
  const places = new Map(
    Object.values(targets).map((target) => [target.name, placeOf(registry.get('target', target.type), target.options)]),
  );
  return Object.values(jobs).flatMap((job) => {
    const first = new Map<string, string>();
    return job.targets.flatMap(({ name }, index): Problem[] => {
      const place = places.get(name);
      const other = place === undefined ? undefined : first.get(place);
      if (place !== undefined && other === undefined) first.set(place, name);
      if (other === undefined) return [];
      const message = `targets "${other}" and "${name}" are the same place, which makes one copy, not two`;
      return [{ code: 'HF4004', message, path: ['jobs', job.name, 'targets', index], on: 'value' }];
    });
  });
}

/** A repository within its own source: every run would store what the run before it stored. */
function swallowed({ jobs }: Policy, registry: PluginRegistry): Problem[] {
  return Object.values(jobs).flatMap((job) =>
    job.targets.flatMap((target, index): Problem[] => {
      // The options were checked against the plugins' own schemas.
      const folder = registry.get('target', target.type)?.folder?.(target.options as never);
      const source = registry.get('source', job.source.type);
      if (folder === undefined || source?.covers?.(job.source.options as never, folder) !== true) return [];
      const message = `target "${target.name}" lies in what source "${job.source.name}" reads, so that each run would back up the one before it`;
      const hint = `exclude ${folder} from the source, or keep the repository elsewhere`;
      return [{ code: 'HF4009', message, path: ['jobs', job.name, 'targets', index], on: 'value', hint }];
    }),
  );
}

function placeOf(plugin: TargetPlugin | undefined, options: unknown): string | undefined {
  // The options were checked against the plugin's own schema.
  return plugin === undefined ? undefined : `${plugin.name} ${plugin.identity(options as never)}`;
}

function idleSelections({ jobs }: Policy, registry: PluginRegistry): Problem[] {
  return Object.values(jobs).flatMap((job): Problem[] => {
    const plugin = registry.get('source', job.source.type);
    if (job.select === null || plugin === undefined || plugin.can.includes('select')) return [];
    const message = `a source of type "${plugin.name}" is backed up whole; nothing can be selected`;
    return [{ code: 'HF4005', message, path: ['jobs', job.name, 'select'], on: 'key' }];
  });
}

/** Jobs of one domain share its keys, so that one of them cannot be opened by other people than the next. */
function divided({ jobs }: Policy): Problem[] {
  const first = new Map<string, { readonly job: string; readonly recipients: string }>();
  return Object.values(jobs).flatMap((job): Problem[] => {
    const recipients = job.recipients
      .map(({ name }) => name)
      .sort()
      .join(', ');
    const known = first.get(job.domain);
    if (known === undefined) first.set(job.domain, { job: job.name, recipients });
    if (known === undefined || known.recipients === recipients) return [];
    const message = `job "${known.job}" of the same retention class has other recipients: ${known.recipients}`;
    const hint = 'a class of a host has one set of keys; give one of the jobs a class of its own';
    return [{ code: 'HF4006', message, path: ['jobs', job.name, 'recipients'], on: 'value', hint }];
  });
}

function unprotected({ jobs, sources }: Policy): Problem[] {
  if (Object.keys(jobs).length === 0) {
    return [{ code: 'HF4008', message: 'the policy has no jobs: nothing is protected', path: [], on: 'value' }];
  }
  const used = new Set(Object.values(jobs).map((job) => job.source.name));
  const idle = Object.keys(sources).filter((name) => !used.has(name));
  return idle.map((name) => {
    return { code: 'HF4007', message: `no job protects source "${name}"`, path: ['sources', name], on: 'key' };
  });
}
