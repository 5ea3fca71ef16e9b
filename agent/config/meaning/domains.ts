import { sharedBy } from '../domains.ts';
import { isPattern } from '../merging/hosts.ts';
import type { Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';

/** Domains that contradict each other on this host, or that this host is named in for nothing. */
export function checkDomains(policy: Policy): Problem[] {
  return [...claimedTwice(policy), ...idleHosts(policy)];
}

/** A backup lies in one domain: which of two would depend on their order. */
function claimedTwice({ domains, host }: Policy): Problem[] {
  const first = new Map<string, string>();
  return Object.values(domains)
    .filter((domain) => sharedBy(domain, host))
    .flatMap(({ name, retention }) =>
      retention.flatMap((retained, index): Problem[] => {
        const other = first.get(retained);
        if (other === undefined) first.set(retained, name);
        if (other === undefined) return [];
        const message = `the class "${retained}" is in domain "${other}" already, on hosts that both domains have`;
        const hint = 'a class of a host is in one domain: take it out of one, or the hosts';
        return [{ code: 'HF4021', message, path: ['domains', name, 'retention', index], on: 'value', hint }];
      }),
    );
}

/** Of patterns nothing is said: a host that fits may come tomorrow. */
function idleHosts({ domains, host, jobs }: Policy): Problem[] {
  return Object.values(domains).flatMap(({ name, hosts, retention }) =>
    hosts.flatMap((named, index): Problem[] => {
      if (isPattern(named) || !sharedBy({ hosts: [named] }, host)) return [];
      if (Object.values(jobs).some((job) => retention.includes(job.retention.name))) return [];
      const message = `host "${named}" has no job of ${classes(retention)}: it shares nothing`;
      const hint = 'take the host out: whoever is in a domain gets its secret';
      return [{ code: 'HF4022', message, path: ['domains', name, 'hosts', index], on: 'value', hint }];
    }),
  );
}

function classes(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(', ');
  return names.length === 1 ? `the class ${quoted}` : `the classes ${quoted}`;
}
