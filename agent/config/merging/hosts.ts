import type { Problem } from '../problem.ts';
import { isMapping, type Layer, merge, movedBy, partOf, upper } from './layer.ts';

/** Parts of a policy that are the same on every host. */
const SAME_EVERYWHERE = ['version', 'include', 'hosts', 'plugins', 'defaults', 'domains', 'holds'];

/** `db-*` and the like: `*` stands for any letters, `?` for one. */
export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether a name or pattern means `host`. One without a dot means the first part of a full name as well. */
export function matchesHost(pattern: string, host: string): boolean {
  const names = pattern.includes('.') ? [host] : [host, shortName(host)];
  return names.some((name) => matches(pattern, name));
}

function shortName(host: string): string {
  return host.replace(/\..*$/, '');
}

function matches(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return isPattern(pattern) && new RegExp(`^${source}$`).test(host);
}

/** The policy as it is on `host`: what stands under the host's name or a pattern that fits it, laid over the rest. */
export function forHost(policy: Layer, host: string): Layer {
  const fitting = Object.keys(sectionOf(policy)).filter((name) => matchesHost(name, host));
  // The fuller a name is, the more it says.
  const exact = fitting.filter((name) => !isPattern(name)).sort((a, b) => a.length - b.length);
  const names = [...fitting.filter(isPattern), ...exact];
  return names.reduce((merged, name) => {
    const override = partOf(policy, 'hosts', name);
    return override === undefined || !isMapping(override.value)
      ? merged
      : merge(merged, movedBy(override, `from hosts.${name}`), upper);
  }, policy);
}

/**
 * Hosts that stand for all: each that is named, under `hosts`, by a job or by a domain, one of each pattern, and one (`undefined`)
 * that nothing is written for.
 */
export function hostsOf(policy: Layer): readonly (string | undefined)[] {
  const entries = ['jobs', 'domains'].flatMap((section) => {
    const declared = partOf(policy, section)?.value;
    return Object.values(isMapping(declared) ? declared : {});
  });
  const named = entries.flatMap((entry) => {
    const hosts: unknown = isMapping(entry) ? entry['hosts'] : undefined;
    return Array.isArray(hosts) ? hosts.filter((host): host is string => typeof host === 'string') : [];
  });
  return [undefined, ...new Set([...Object.keys(sectionOf(policy)), ...named])];
}

/** Overrides of what has to be the same everywhere. */
export function checkOverrides(policy: Layer): Problem[] {
  return Object.entries(sectionOf(policy)).flatMap(([name, override]) => {
    const fixed = SAME_EVERYWHERE.filter((field) => isMapping(override) && Object.hasOwn(override, field));
    return fixed.map((field): Problem => {
      const message = `"${field}" is the same on every host`;
      return {
        code: 'HF2001',
        message,
        path: ['hosts', name, field],
        on: 'key',
        hint: 'write it at the top of the policy',
      };
    });
  });
}

function sectionOf(policy: Layer) {
  const section = partOf(policy, 'hosts')?.value;
  return isMapping(section) ? section : {};
}
