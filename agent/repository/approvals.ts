import { type Failure, fail, failureOf } from '../contract/index.ts';
import { type Approval, decodeApproval, encodeApproval, encodeStatement } from './keys/approval.ts';
import { type Approver, isSignedBy } from './keys/approver.ts';
import type { Identity } from './keys/identity.ts';
import { APPROVALS_PREFIX, approvalPrefix, parseApprovalKey } from './layout.ts';
import { type NamedTarget, Store } from './store.ts';

/** An approval whose signature is that of an approver of the policy. */
export interface CheckedApproval extends Approval {
  readonly key: string;
  /** What the policy calls the approver. */
  readonly approverName: string;
}

export interface LoadedApprovals {
  /** By writer; oldest first. */
  readonly of: ReadonlyMap<string, readonly CheckedApproval[]>;
  /** Fingerprints of those who approved a writer, say the objects, and whom the policy does not name. Nobody has looked whether it is true. */
  readonly strangers: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly Failure[];
}

/**
 * Reads the approvals that lie in a repository. Those of somebody whom the policy does not name count for nothing, whoever the
 * repository says that they are.
 */
export async function loadApprovals(
  store: Store,
  repository: string,
  approvers: readonly Approver[],
): Promise<LoadedApprovals> {
  const checked: CheckedApproval[] = [];
  const strangers = new Map<string, string[]>();
  const problems: Failure[] = [];
  for (const key of await store.keys(APPROVALS_PREFIX)) {
    if (parseApprovalKey(key) === undefined) continue;
    try {
      const { claims, statement, signature } = await store.read(key, undefined, (bytes) => decodeApproval(bytes, key));
      if (claims.repository !== repository) continue;
      const approver = approvers.find(({ fingerprint }) => fingerprint === claims.approver);
      if (approver === undefined) {
        strangers.set(claims.writer, [...(strangers.get(claims.writer) ?? []), claims.approver]);
      } else if (await isSignedBy(approver, statement, signature)) {
        checked.push({ ...claims, key, approverName: approver.name });
      } else problems.push(forged(key, approver));
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      problems.push(failure);
    }
  }
  checked.sort((a, b) => (a.created < b.created ? -1 : 1));
  return { of: Map.groupBy(checked, ({ writer }) => writer), strangers, problems };
}

/** Signs an approval, and reads it back as everybody will: nothing is stored that nobody accepts. */
export async function signApproval(
  approval: Approval,
  by: { readonly identity: Identity; readonly approver: Approver; readonly now: Date },
): Promise<{ key: string; object: Uint8Array }> {
  const statement = encodeStatement(approval);
  return acceptedApproval(statement, await by.identity.sign(statement, by.now), by.approver);
}

/** The object of a statement and the approver's signature. SIGNATURE_INVALID when it is none of this statement by this key. */
export async function acceptedApproval(
  statement: Uint8Array,
  signature: Uint8Array,
  approver: Approver,
): Promise<{ key: string; object: Uint8Array }> {
  const made = encodeApproval(statement, signature);
  decodeApproval(made.object, made.key);
  if (await isSignedBy(approver, statement, signature)) return made;
  return fail({
    code: 'SIGNATURE_INVALID',
    message: `The signature is not one of recipient ${approver.name} (${approver.fingerprint}) over exactly this statement.`,
    origin: 'key',
    permanent: true,
    hint: 'Sign the file that `holdfast keys request` wrote, unchanged, with that key: `gpg --detach-sign --local-user <fingerprint> <statement>`.',
  });
}

/** Gives every target the approvals of a writer that the others have: a copy of the repository is to be enough to restore from. */
export async function replicateApprovals(store: Store, writer: string): Promise<void> {
  const listed = await store.list(approvalPrefix(writer));
  for (const key of new Set(listed.flatMap((objects) => [...objects.keys()]))) {
    if (parseApprovalKey(key) === undefined || listed.every((objects) => objects.has(key))) continue;
    const object = await store.read(key, undefined, (bytes) => {
      decodeApproval(bytes, key);
      return bytes;
    });
    for (const [i, objects] of listed.entries()) {
      if (!objects.has(key)) await new Store([store.targets[i] as NamedTarget]).put(key, object);
    }
  }
}

function forged(key: string, { name, fingerprint }: Approver): Failure {
  return {
    code: 'SIGNATURE_INVALID',
    message: `${key} is not signed by recipient ${name} (${fingerprint}), whom it names; it counts for nothing.`,
    origin: 'repository',
    permanent: true,
    hint: 'Compare with another copy of the repository: it was changed, or somebody tried to pass for an approver.',
  };
}
