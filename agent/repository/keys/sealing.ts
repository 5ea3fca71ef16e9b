import { timingSafeEqual } from 'node:crypto';
import type { Key, PartialConfig, SessionKey } from 'openpgp';
import { fail } from '../../contract/index.ts';
import { type Recipient, recipientKey, unusable } from './recipient.ts';

// Compression would only add a way to go wrong, and AES-256 is what the rest of the format has.
const OPENPGP: PartialConfig = { preferredSymmetricAlgorithm: 9, preferredCompressionAlgorithm: 0 };

/** Makes the message; what it made is not trusted. */
export type Encrypt = (o: {
  readonly keys: Key[];
  readonly sessionKey: SessionKey;
  readonly payload: Uint8Array;
  readonly now: Date;
}) => Promise<Uint8Array>;

/**
 * One OpenPGP message, binary, that each of `recipients` can open alone. Read back before it is returned: it names exactly
 * their keys, holds no other way in, and decrypts to `payload`. RECIPIENT_MISSING, RECIPIENT_UNUSABLE, SEAL_MISMATCH.
 */
export async function sealTo(
  recipients: readonly Recipient[],
  payload: Uint8Array,
  now: Date,
  encrypt: Encrypt = encryptWithOpenPgp,
): Promise<Uint8Array> {
  const keys = await distinctKeys(recipients, now);
  const { generateSessionKey } = await import('openpgp');
  const sessionKey = await generateSessionKey({ encryptionKeys: keys, date: now, config: OPENPGP });
  try {
    const sealed = await encrypt({ keys, sessionKey, payload, now });
    await checkSealed(sealed, keys, now);
    await checkPayload(sealed, sessionKey, payload);
    return sealed;
  } finally {
    sessionKey.data.fill(0);
  }
}

async function encryptWithOpenPgp({ keys, sessionKey, payload, now }: Parameters<Encrypt>[0]): Promise<Uint8Array> {
  const { createMessage, encrypt } = await import('openpgp');
  const message = await createMessage({ binary: payload, date: now });
  return encrypt({ message, encryptionKeys: keys, sessionKey, date: now, config: OPENPGP, format: 'binary' });
}

/** Two names for one key would promise a second way in that is not there. */
async function distinctKeys(recipients: readonly Recipient[], now: Date): Promise<Key[]> {
  if (recipients.length === 0) {
    fail({
      code: 'RECIPIENT_MISSING',
      message: 'There is no recipient to seal to: nobody could open these backups.',
      origin: 'policy',
      permanent: true,
      hint: 'Name at least one recipient in the policy; `holdfast init` makes a recovery key.',
    });
  }
  const keys: Key[] = [];
  for (const { name, fingerprint, armored } of recipients) {
    const key = await recipientKey(name, armored, now);
    const other = 'Read the recipients again, and give each its own key.';
    if (key.getFingerprint() !== fingerprint)
      unusable(name, 'it has another fingerprint than the one asked for', other);
    if (keys.some((earlier) => earlier.getFingerprint() === fingerprint)) {
      unusable(name, 'another recipient has the same key', other);
    }
    keys.push(key);
  }
  return keys;
}

/** SEAL_MISMATCH unless `sealed` is encrypted to the encryption keys of exactly `keys`, once each, and to no passphrase. */
async function checkSealed(sealed: Uint8Array, keys: readonly Key[], now: Date): Promise<void> {
  const { enums, readMessage } = await import('openpgp');
  const message = await readMessage({ binaryMessage: sealed });
  const wanted = await Promise.all(keys.map(async (key) => (await key.getEncryptionKey(undefined, now)).getKeyID()));
  const named = message.getEncryptionKeyIDs().map((id) => id.toHex());
  const exact = JSON.stringify(named.sort()) === JSON.stringify(wanted.map((id) => id.toHex()).sort());
  const containers = message.packets.filterByTag(enums.packet.symEncryptedIntegrityProtectedData).length;
  if (!exact || containers !== 1 || message.packets.length !== keys.length + 1) mismatch();
}

async function checkPayload(sealed: Uint8Array, sessionKey: SessionKey, payload: Uint8Array): Promise<void> {
  const { decrypt, readMessage } = await import('openpgp');
  const message = await readMessage({ binaryMessage: sealed });
  const { data } = await decrypt({ message, sessionKeys: sessionKey, format: 'binary' }).catch(mismatch);
  const same = data.length === payload.length && timingSafeEqual(data, payload);
  data.fill(0);
  if (!same) mismatch();
}

function mismatch(): never {
  fail({
    code: 'SEAL_MISMATCH',
    message: 'What was sealed is not sealed to exactly the recipients asked for. It was thrown away.',
    origin: 'key',
    permanent: true,
    hint: 'Nothing was stored. Check the installation of this agent.',
  });
}
