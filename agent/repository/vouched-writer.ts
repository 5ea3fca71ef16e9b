import type { Failure } from '../contract/index.ts';
import type { CheckedApproval } from './approvals.ts';
import type { HostKeys } from './keys/host-keys.ts';
import type { Writer } from './keys/writer.ts';
import { writerCode } from './keys/writer-code.ts';
import { writerKey } from './layout.ts';

/** A writer as a reader sees it. */
export interface KnownWriter extends Writer {
  /** What people compare with what the host itself shows. */
  readonly code: string;
  /** Whether this host is it. */
  readonly own: boolean;
  /** By whom: none for a writer that nobody approved whom the policy names. */
  readonly approvals: readonly CheckedApproval[];
}

/** What a writer object and the approvals of it come to. */
export interface VouchedWriter {
  /** None where nothing says its keys. */
  readonly writer?: KnownWriter;
  /** That somebody names other keys for it. */
  readonly forged?: Failure;
  /** Whether its approvals count. */
  readonly counting: boolean;
}

/**
 * An approval says the keys that were looked at; the object of the writer may have been replaced since. Of two approvals with
 * different keys, one was signed for a forgery: then neither counts, as if there were none.
 */
export function vouchedWriter(
  published: Writer | undefined,
  approvals: readonly CheckedApproval[],
  own: HostKeys | undefined,
): VouchedWriter {
  const [first] = approvals;
  const approved: Writer | undefined = first && { ...first, id: first.writer };
  const named = approved ?? published;
  if (named === undefined) return { counting: false };
  const isOwn = named.id === own?.writer;
  const held = isOwn ? { publicKey: own.signer.publicKey, joinKey: own.join.publicKey } : undefined;
  const counting = approvals.every((approval) => sameKeys(approval, held ?? named));
  const writer = counting ? named : (published ?? (isOwn ? named : undefined));
  const forged = counting ? replaced(named, published) : divided(named, approvals);
  const told = forged === undefined ? { counting } : { counting, forged };
  if (writer === undefined) return told;
  const known = { ...writer, ...held, created: published?.created ?? writer.created };
  const { id, repository, host, publicKey, joinKey, created } = known;
  const code = writerCode({ id, repository, host, publicKey, joinKey });
  const counted = counting ? approvals : [];
  const combined = { id, repository, host, publicKey, joinKey, created, code, own: isOwn, approvals: counted };
  return { ...told, writer: combined };
}

type Keys = Pick<Writer, 'publicKey' | 'joinKey'>;

export function sameKeys(a: Keys, b: Keys): boolean {
  return Buffer.compare(a.publicKey, b.publicKey) === 0 && Buffer.compare(a.joinKey, b.joinKey) === 0;
}

/** The object of a writer, when it names other keys than were approved. An own one was looked at before. */
function replaced(approved: Writer, published: Writer | undefined): Failure | undefined {
  if (published === undefined || sameKeys(published, approved)) return undefined;
  return {
    code: 'WRITER_FORGED',
    message: `The repository names other keys for writer ${nameOf(approved)} than those that were approved; the approved ones count.`,
    origin: 'repository',
    permanent: true,
    detail: { writer: approved.id },
    hint: `Somebody replaced ${writerKey(approved.id)}: compare with another copy of the repository, and find out who could write here.`,
  };
}

function divided(writer: Writer, approvals: readonly CheckedApproval[]): Failure {
  const each = approvals.map((approval) => {
    const { key, approverName, created, repository, host, publicKey, joinKey } = approval;
    const code = writerCode({ id: writer.id, repository, host, publicKey, joinKey });
    return `${code}: ${approverName}, ${created}, ${key}`;
  });
  return {
    code: 'WRITER_FORGED',
    message: `There are approvals of writer ${nameOf(writer)} for different keys; none of them counts.`,
    origin: 'repository',
    permanent: true,
    detail: { writer: writer.id },
    hint: [
      'Somebody approved a forged key. Compare with the code that `holdfast keys` shows on that host, remove the approvals of any other',
      'from every target, and find out who could write here:',
      ...each,
    ].join('\n'),
  };
}

export function nameOf({ id, host }: Writer): string {
  return `${id.slice(0, 8)} of host ${JSON.stringify(host)}`;
}
