import type { At } from './diagnostic.ts';
import { matchesHost } from './merging/hosts.ts';

/** A domain that hosts share, as the policy declares it. */
export interface SharedDomain {
  /** What the domain is called; those of one host are called `<host>/<class>`. */
  readonly name: string;
  /** Names of hosts, or patterns of them. */
  readonly hosts: readonly string[];
  /** Names of retention classes. */
  readonly retention: readonly string[];
  readonly at: At;
}

/** Whether the domain is shared by a host of this name. */
export function sharedBy({ hosts }: Pick<SharedDomain, 'hosts'>, host: string): boolean {
  return hosts.some((pattern) => matchesHost(pattern, host));
}
