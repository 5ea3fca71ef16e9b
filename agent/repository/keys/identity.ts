import type { PrivateKey } from 'openpgp';
import { fail } from '../../contract/index.ts';

/** An unlocked OpenPGP private key. It shows nothing of the key when printed. */
export interface Identity {
  /** Lower-case hex, as a recipient's. */
  readonly fingerprint: string;
  /** Opens a binary OpenPGP message. WRONG_KEY when it is sealed to others, KEY_DAMAGED when it was changed. */
  decrypt(message: Uint8Array): Promise<Uint8Array>;
  /** One detached OpenPGP signature over `statement`, binary. KEY_CANNOT_SIGN with the reason. */
  sign(statement: Uint8Array, now: Date): Promise<Uint8Array>;
}

/** Larger than anything that is ever sealed to a recipient, small enough that a compressed message cannot fill memory. */
const MAX_PAYLOAD_BYTES = 65536;

/**
 * Unlocks an armored private key. A key that is expired or revoked is taken: what was sealed to it must still be opened.
 * WRONG_PASSPHRASE; KEY_DAMAGED when it cannot be read; WRONG_KEY when it is a public key or there are several.
 */
export async function unlockIdentity(armoredPrivate: string, passphrase: string): Promise<Identity> {
  const key = await privateKey(armoredPrivate);
  // Looks at the key's own signatures, so that damage outside the encrypted part does not pass for a wrong passphrase.
  await key.getDecryptionKeys(undefined, null).catch(() => damagedKey());
  if (key.isDecrypted()) return new OpenPgpIdentity(key);
  const { decryptKey } = await import('openpgp');
  try {
    return new OpenPgpIdentity(await decryptKey({ privateKey: key, passphrase }));
  } catch (error) {
    if (error instanceof Error && error.message.includes('Incorrect key passphrase')) return wrongPassphrase();
    return damagedKey();
  }
}

/**
 * A new recovery key, armored: Ed25519 and X25519 in their older encoding, which GnuPG 2.2 can read, and without an end of
 * life, because what it opens has none either. Throws PASSPHRASE_EMPTY.
 */
export async function generateRecoveryKey(o: {
  name: string;
  passphrase: string;
  created: Date;
}): Promise<{ publicKey: string; privateKey: string; fingerprint: string }> {
  if (o.passphrase === '') emptyPassphrase();
  const { generateKey, readKey } = await import('openpgp');
  const { publicKey, privateKey } = await generateKey({
    userIDs: { name: o.name },
    passphrase: o.passphrase,
    type: 'ecc',
    curve: 'curve25519Legacy',
    date: o.created,
    format: 'armored',
    // 65,011,712 bytes hashed per guess, the most that GnuPG's kind of derivation allows.
    config: { s2kIterationCountByte: 255 },
  });
  const fingerprint = (await readKey({ armoredKey: publicKey })).getFingerprint();
  return { publicKey, privateKey, fingerprint };
}

/** The public half of an armored private key, armored; needs no passphrase. Fails as `unlockIdentity` does for what is none. */
export async function publicHalfOf(armoredPrivate: string): Promise<string> {
  return (await privateKey(armoredPrivate)).toPublic().armor();
}

class OpenPgpIdentity implements Identity {
  readonly fingerprint: string;
  readonly #key: PrivateKey;

  constructor(key: PrivateKey) {
    this.#key = key;
    this.fingerprint = key.getFingerprint();
  }

  async decrypt(sealed: Uint8Array): Promise<Uint8Array> {
    const { decrypt, readMessage } = await import('openpgp');
    const message = await readMessage({ binaryMessage: sealed }).catch(() => damagedMessage());
    const mine = this.#key.getKeyIDs();
    if (!message.getEncryptionKeyIDs().some((id) => mine.some((own) => own.equals(id)))) wrongKey(this.fingerprint);
    const config = { maxDecompressedMessageSize: MAX_PAYLOAD_BYTES };
    const opened = await decrypt({ message, decryptionKeys: this.#key, format: 'binary', config }).catch(() =>
      damagedMessage(),
    );
    return opened.data;
  }

  async sign(statement: Uint8Array, now: Date): Promise<Uint8Array> {
    const { createMessage, sign } = await import('openpgp');
    const message = await createMessage({ binary: statement });
    try {
      return await sign({ message, signingKeys: this.#key, detached: true, format: 'binary', date: now });
    } catch (error) {
      return cannotSign(this.fingerprint, error);
    }
  }
}

async function privateKey(armored: string): Promise<PrivateKey> {
  const { readKeys } = await import('openpgp');
  const keys = await readKeys({ armoredKeys: armored }).catch(() => damagedKey());
  const [key] = keys;
  if (key === undefined || keys.length > 1 || !key.isPrivate()) {
    return fail({
      code: 'WRONG_KEY',
      message: keys.length > 1 ? 'The file holds several keys.' : 'The file holds a public key, not a private one.',
      origin: 'key',
      permanent: true,
      hint: 'Export the one private key with `gpg --armor --export-secret-keys <fingerprint>`.',
    });
  }
  return key;
}

function wrongPassphrase(): never {
  fail({
    code: 'WRONG_PASSPHRASE',
    message: 'The passphrase does not open the private key.',
    origin: 'key',
    permanent: true,
    hint: 'Try again. If you are sure of it, the file may be damaged: use another copy of the key.',
  });
}

function wrongKey(fingerprint: string): never {
  fail({
    code: 'WRONG_KEY',
    message: `Key ${fingerprint} is not one of those that this was sealed to.`,
    origin: 'key',
    permanent: true,
    hint: '`holdfast keys` lists the recipients of each epoch.',
  });
}

function cannotSign(fingerprint: string, cause: unknown): never {
  const said = cause instanceof Error ? cause.message.replace(/^.*?: /, '') : String(cause);
  fail(
    {
      code: 'KEY_CANNOT_SIGN',
      message: `Key ${fingerprint} can open backups, but it cannot sign an approval: ${said}.`,
      origin: 'key',
      permanent: true,
      hint: 'Approve with the key of another recipient, or give this one a part that signs: `gpg --quick-add-key <fingerprint> ed25519 sign`.',
    },
    cause,
  );
}

function damagedKey(): never {
  fail({
    code: 'KEY_DAMAGED',
    message: 'The private key cannot be read: it is damaged, not an OpenPGP key, or has no part that can decrypt.',
    origin: 'key',
    permanent: true,
    hint: 'Use another copy of the key.',
  });
}

function damagedMessage(): never {
  fail({
    code: 'KEY_DAMAGED',
    message: 'The keys sealed for the recipients cannot be opened: the message is damaged.',
    origin: 'key',
    permanent: true,
    hint: 'Another copy of the repository may hold the object intact.',
  });
}

function emptyPassphrase(): never {
  fail({
    code: 'PASSPHRASE_EMPTY',
    message: 'A recovery key needs a passphrase.',
    origin: 'key',
    permanent: true,
    hint: 'Whoever finds the file of an unprotected key can read every backup.',
  });
}
