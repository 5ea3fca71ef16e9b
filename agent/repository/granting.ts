import type { Approval } from './keys/approval.ts';
import type { Writer } from './keys/writer.ts';

/** What is said of a writer, by `approver` (a fingerprint). Whoever signs it has compared its code. */
export function approvalOf(
  writer: Writer,
  o: Pick<Approval, 'domains' | 'approver'> & { readonly now: Date },
): Approval {
  const { id, repository, host, publicKey, joinKey } = writer;
  const { domains, approver, now } = o;
  return { repository, writer: id, host, publicKey, joinKey, domains, approver, created: now.toISOString() };
}
