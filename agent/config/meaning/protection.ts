import { isSchema } from '../plugin-options.ts';
import type { Job, Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';
import type { PluginRegistry } from '../registry.ts';
import { checkAgainst } from '../shape.ts';

/** Jobs that select parts of what can only be had whole, or in words that their source does not know. */
export function selections({ jobs }: Policy, registry: PluginRegistry): Problem[] {
  return Object.values(jobs).flatMap((job): Problem[] => {
    const plugin = registry.get('source', job.source.type);
    if (job.select === null || plugin === undefined) return [];
    const path = ['jobs', job.name, 'select'];
    if (plugin.can.includes('select'))
      return isSchema(plugin.select) ? checkAgainst(plugin.select, job.select, path) : [];
    const message = `a source of type "${plugin.name}" is backed up whole; nothing can be selected`;
    return [{ code: 'HF4005', message, path, on: 'key' }];
  });
}

/** Jobs of one domain share its keys, so that one of them cannot be opened by other people than the next. */
export function divided({ jobs }: Policy): Problem[] {
  const first = new Map<string, { readonly job: Job; readonly recipients: string }>();
  return Object.values(jobs).flatMap((job): Problem[] => {
    const recipients = job.recipients
      .map(({ name }) => name)
      .sort()
      .join(', ');
    const known = first.get(job.domain);
    if (known === undefined) first.set(job.domain, { job, recipients });
    if (known === undefined || known.recipients === recipients) return [];
    const same = known.job.retention.name === job.retention.name ? 'retention class' : `domain "${job.domain}"`;
    const message = `job "${known.job.name}" of the same ${same} has other recipients: ${known.recipients}`;
    const hint = 'a domain has one set of keys; give one of the jobs a class of its own';
    return [{ code: 'HF4006', message, path: ['jobs', job.name, 'recipients'], on: 'value', hint }];
  });
}

/** Sources that no job protects, on this host or another. */
export function unprotected({ jobs, idle, sources }: Policy): Problem[] {
  const elsewhere = Object.values(idle).filter(({ reason }) => reason === 'other hosts');
  if (Object.keys(jobs).length === 0 && elsewhere.length === 0) {
    const message = Object.keys(idle).length > 0 ? 'all jobs are disabled' : 'the policy has no jobs';
    return [{ code: 'HF4008', message: `${message}: nothing is protected`, path: [], on: 'value' }];
  }
  const used = new Set([
    ...Object.values(jobs).map((job) => job.source.name),
    ...elsewhere.map(({ source }) => source),
  ]);
  const unused = Object.keys(sources).filter((name) => !used.has(name));
  return unused.map((name) => {
    return { code: 'HF4007', message: `no job protects source "${name}"`, path: ['sources', name], on: 'key' };
  });
}
