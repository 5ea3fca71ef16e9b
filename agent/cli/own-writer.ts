import type { Policy } from '../config/policy.ts';
import { fail } from '../contract/index.ts';
import { readApprovers } from '../engine/recipients.ts';
import { replicateApprovals, signApproval } from '../repository/approvals.ts';
import { approvalOf } from '../repository/granting.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import type { Identity } from '../repository/keys/identity.ts';
import type { Store } from '../repository/store.ts';
import { Writers } from '../repository/writers.ts';

/** What this host is to the repository. */
export interface OwnWriter {
  /** 32 hex. */
  readonly id: string;
  /** What people compare before they approve it. */
  readonly code: string;
  readonly approved: boolean;
}

interface Settled {
  readonly writer: OwnWriter;
  readonly writers: Writers;
  readonly approved: false | 'before' | 'now';
}

/** Approves this host with the recovery key that it has itself, as long as it has it and the policy names it. */
export async function settleOwnWriter(
  { store, policy, host, now }: { store: Store; policy: Policy; host: HostKeys; now: Date },
  unlock: () => Promise<Identity | undefined>,
): Promise<Settled> {
  await replicateApprovals(store, host.writer);
  const { approvers } = await readApprovers(Object.values(policy.recipients));
  const load = () => Writers.load(store, host.repository, { own: host, approvers });
  const writers = await load();
  const own = writers.get(host.writer) ?? failUnpublished();
  const { id, code } = own;
  if (own.approvals.length > 0) return { writer: { id, code, approved: true }, writers, approved: 'before' };
  const identity = await unlock();
  const approver = approvers.find(({ fingerprint }) => fingerprint === identity?.fingerprint);
  if (identity === undefined || approver === undefined) {
    return { writer: { id, code, approved: false }, writers, approved: false };
  }
  const approval = approvalOf(own, { domains: [], approver: approver.fingerprint, now });
  const { key, object } = await signApproval(approval, { identity, approver, now });
  await store.put(key, object);
  return { writer: { id, code, approved: true }, writers: await load(), approved: 'now' };
}

function failUnpublished(): never {
  return fail({
    code: 'OBJECT_MISSING',
    message: 'the writer that was just published is listed by no target',
    origin: 'target',
    permanent: false,
  });
}
