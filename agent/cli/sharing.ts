import { type SharedDomain, sharedBy } from '../config/domains.ts';
import type { Policy } from '../config/policy.ts';
import type { Sharing } from '../repository/shared-domains.ts';

/** A shared domain of the policy, as the repository needs to know it. */
export function sharingOf(domain: SharedDomain): Sharing {
  return { name: domain.name, includes: (host) => sharedBy(domain, host) };
}

/** All of them, of whatever host. */
export function sharingsOf({ domains }: Policy): Sharing[] {
  return Object.values(domains).map(sharingOf);
}
