import type { TargetPlugin } from '../../contract/index.ts';
import type { Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';
import type { PluginRegistry } from '../registry.ts';

/** Targets of one job that are one place. */
export function samePlaces({ jobs, targets }: Policy, registry: PluginRegistry): Problem[] {
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
export function swallowed({ jobs }: Policy, registry: PluginRegistry): Problem[] {
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
