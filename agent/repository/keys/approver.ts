import { fail } from '../../contract/index.ts';

/**
 * Somebody whose approvals count: an OpenPGP public key that the policy names as a recipient. Other than a recipient that is
 * sealed to, it may have expired since.
 */
export interface Approver {
  /** What the policy calls it. */
  readonly name: string;
  /** Lower-case hex. */
  readonly fingerprint: string;
  readonly armored: string;
}

/** Reads the key of an approver. RECIPIENT_UNUSABLE when it is not one public key. */
export async function readApprover(name: string, armored: string): Promise<Approver> {
  const { readKeys } = await import('openpgp');
  const keys = await readKeys({ armoredKeys: armored }).catch(() => []);
  const [key] = keys;
  if (key === undefined || keys.length > 1 || key.isPrivate()) {
    return fail({
      code: 'RECIPIENT_UNUSABLE',
      message: `The key of recipient ${name} is not one armored OpenPGP public key: nobody's approval can be checked with it.`,
      origin: 'policy',
      permanent: true,
      hint: 'Export it with `gpg --armor --export <fingerprint>`.',
    });
  }
  return { name, fingerprint: key.getFingerprint(), armored };
}

/**
 * Whether `signature` is one good binary OpenPGP signature over `statement` by this approver's key or a signing subkey of it.
 * Clocks do not decide: a signature of tomorrow is as good, and so is one by a key that has expired since. A revoked key's is not.
 */
export async function isSignedBy(
  { armored }: Approver,
  statement: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { createMessage, enums, readKey, readSignature, verify } = await import('openpgp');
  try {
    const parsed = await readSignature({ binarySignature: signature });
    const [packet] = parsed.packets;
    // A signature of text holds for other line ends as well: then the statement would not be what was signed.
    if (parsed.packets.length !== 1 || packet?.signatureType !== enums.signature.binary) return false;
    const message = await createMessage({ binary: statement });
    const verificationKeys = await readKey({ armoredKey: armored });
    // openpgp takes null for "at no time in particular", and its types do not say so.
    const date = null as unknown as Date;
    const { signatures } = await verify({ message, signature: parsed, verificationKeys, date });
    return signatures.length === 1 && (await signatures[0]?.verified) === true;
  } catch {
    // openpgp throws for whatever is not a good signature, whichever way it is not.
    return false;
  }
}

/** A signature as gpg writes it, binary or armored, in binary. SIGNATURE_UNREADABLE. */
export async function readSignatureFile(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  const { readSignature } = await import('openpgp');
  const text = Buffer.from(bytes).toString('latin1');
  const armored = text.trimStart().startsWith('-----BEGIN PGP SIGNATURE-----');
  try {
    const read = armored ? readSignature({ armoredSignature: text }) : readSignature({ binarySignature: bytes });
    return (await read).write();
  } catch (error) {
    return fail(
      {
        code: 'SIGNATURE_UNREADABLE',
        message: `${file} holds no OpenPGP signature.`,
        origin: 'key',
        permanent: true,
        hint: 'Make one with `gpg --detach-sign <statement>`.',
      },
      error,
    );
  }
}
