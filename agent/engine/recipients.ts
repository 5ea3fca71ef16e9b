import { readBounded } from '../config/bounded-file.ts';
import type { RecipientSpec } from '../config/policy.ts';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { type Approver, readApprover } from '../repository/keys/approver.ts';
import { type Recipient, readRecipient } from '../repository/keys/recipient.ts';

/** What a key file may have; what is longer is no key, cut or not. */
const KEY_BYTES = 1 << 20;

/** The recipients that a policy names, from their key files. `RECIPIENT_MISSING` when a file cannot be read, `RECIPIENT_UNUSABLE` with the reason. */
export async function readRecipients(specs: readonly RecipientSpec[], now: Date): Promise<Recipient[]> {
  return Promise.all(specs.map(async (spec) => readRecipient(spec.name, await readKeyOf(spec), now)));
}

/** The same people as those whose approvals count: one whose key cannot be read keeps nobody from asking the others. */
export async function readApprovers(
  specs: readonly RecipientSpec[],
): Promise<{ readonly approvers: readonly Approver[]; readonly problems: readonly Failure[] }> {
  const read = await Promise.allSettled(specs.map(async (spec) => readApprover(spec.name, await readKeyOf(spec))));
  return {
    approvers: read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    problems: read.flatMap((one) =>
      one.status === 'rejected' ? [failureOf(one.reason, { code: 'RECIPIENT_MISSING', origin: 'policy' })] : [],
    ),
  };
}

/** The armored public key of a recipient. `RECIPIENT_MISSING` when its file cannot be read. */
export async function readKeyOf({ name, publicKey }: Pick<RecipientSpec, 'name' | 'publicKey'>): Promise<string> {
  try {
    return readBounded(publicKey, KEY_BYTES).toString('utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return fail(
      {
        code: 'RECIPIENT_MISSING',
        message: `the public key of recipient ${name} could not be read from ${publicKey} (${code})`,
        origin: 'policy',
        permanent: true,
        hint: `put it there: gpg --armor --export <key> > ${publicKey}; the path in the policy is relative to the policy`,
      },
      error,
    );
  }
}
