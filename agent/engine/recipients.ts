import { readFile } from 'node:fs/promises';
import type { RecipientSpec } from '../config/policy.ts';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { type Approver, readApprover } from '../repository/keys/approver.ts';
import { type Recipient, readRecipient } from '../repository/keys/recipient.ts';

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

async function readKeyOf({ name, publicKey }: RecipientSpec): Promise<string> {
  try {
    return await readFile(publicKey, 'utf8');
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
