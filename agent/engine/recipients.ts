import { readFile } from 'node:fs/promises';
import type { RecipientSpec } from '../config/policy.ts';
import { fail } from '../contract/index.ts';
import { type Recipient, readRecipient } from '../repository/keys/recipient.ts';

/** The recipients that a policy names, from their key files. `RECIPIENT_MISSING` when a file cannot be read, `RECIPIENT_UNUSABLE` with the reason. */
export async function readRecipients(specs: readonly RecipientSpec[], now: Date): Promise<Recipient[]> {
  return Promise.all(
    specs.map(async ({ name, publicKey }) => {
      let armored: string;
      try {
        armored = await readFile(publicKey, 'utf8');
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
      return readRecipient(name, armored, now);
    }),
  );
}
