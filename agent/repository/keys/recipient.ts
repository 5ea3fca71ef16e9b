import type { Key } from 'openpgp';
import { fail } from '../../contract/index.ts';

/** Who can open backups: an OpenPGP public key (RFC 9580) that the policy names. */
export interface Recipient {
  /** What the policy calls it. */
  readonly name: string;
  /** Lower-case hex: 40 digits, or 64 for a key of version 6. */
  readonly fingerprint: string;
  readonly armored: string;
}

/**
 * Reads a recipient's key and refuses one that nothing should be sealed to at `now`: RECIPIENT_UNUSABLE, with the reason.
 * openpgp is loaded here and not with the module, because a run that makes no epoch needs none of its 1.2 MB.
 */
export async function readRecipient(name: string, armored: string, now: Date): Promise<Recipient> {
  const key = await recipientKey(name, armored, now);
  return { name, fingerprint: key.getFingerprint(), armored };
}

/** The key of a recipient, after all checks of {@link readRecipient}. */
export async function recipientKey(name: string, armored: string, now: Date): Promise<Key> {
  const key = await onlyKey(name, armored);
  if (key.isPrivate()) privateKey(name);
  const { config, enums } = await import('openpgp');
  const { md5, ripemd, sha1 } = enums.hash;
  try {
    await key.getEncryptionKey(undefined, now);
    // What openpgp still takes, RFC 9580 (9.5) does not want. After the other, so that a revocation by SHA-1 counts.
    const strict = { ...config, rejectHashAlgorithms: new Set([md5, ripemd, sha1]) };
    await key.getEncryptionKey(undefined, now, undefined, strict);
  } catch (error) {
    const { reason, hint } = explain(error instanceof Error ? error.message : '');
    unusable(name, reason, hint);
  }
  return key;
}

async function onlyKey(name: string, armored: string): Promise<Key> {
  const openpgp = await import('openpgp');
  // openpgp reads the first block and nothing after it: whoever has the key in the second would be left out in silence.
  const blocks = armored.match(BLOCK) ?? [];
  if (blocks.some((block) => block.includes('PRIVATE'))) privateKey(name);
  if (blocks.length > 1) severalKeys(name, blocks.length);
  const keys = await openpgp.readKeys({ armoredKeys: armored }).catch(() => []);
  const [key] = keys;
  if (key === undefined) {
    return unusable(
      name,
      'it is not an armored OpenPGP public key',
      'Export it with `gpg --armor --export <fingerprint>`.',
    );
  }
  if (keys.length > 1) severalKeys(name, keys.length);
  return key;
}

/** Where an armored block begins (RFC 9580, 6.2). */
const BLOCK = /^-----BEGIN PGP [A-Z ]+-----/gm;

function severalKeys(name: string, count: number): never {
  unusable(name, `the file holds ${count} keys`, 'Export each key into a file of its own.');
}

function privateKey(name: string): never {
  unusable(name, 'it is a private key', 'Take it off this host, and name the file with the public key in the policy.');
}

// openpgp tells its reasons apart by their words alone; the exact version is pinned, and the tests meet each of these.
const REASONS: readonly { readonly words: RegExp; readonly reason: string; readonly hint: string }[] = [
  { words: /Primary key is revoked/, reason: 'it is revoked', hint: 'Put the key that replaced it into the policy.' },
  {
    words: /Primary key is expired/,
    reason: 'it is expired',
    hint: 'Extend its life (`gpg --quick-set-expire`) and export it again, or replace it.',
  },
  {
    words: /too weak|is disabled/,
    reason: 'it is too weak, or of a kind that is no longer safe',
    hint: 'Use a Curve25519 key, or RSA of at least 3072 bits.',
  },
  {
    words: /Insecure hash algorithm/,
    reason: 'it is signed by SHA-1 or MD5, which can be forged',
    hint: "Have a current GnuPG sign it anew (`gpg --quick-set-expire <fingerprint> 5y`, then the same with '*' behind it), and export it again.",
  },
  {
    words: /Subkey is revoked/,
    reason: 'its encryption subkey is revoked',
    hint: 'Export the key again, with its new encryption subkey.',
  },
  {
    words: /Subkey is expired/,
    reason: 'its encryption subkey is expired',
    hint: 'Extend its life or add a new one, and export the key again.',
  },
  {
    words: /in the future|Could not find valid (self-certification|\w+ signature)/,
    reason: 'it has no valid signature of its own, or is dated in the future',
    hint: 'Check the clock of this host, and export the key again.',
  },
];

function explain(words: string): { readonly reason: string; readonly hint: string } {
  const known = REASONS.find((candidate) => candidate.words.test(words));
  return (
    known ?? {
      reason: 'it has no encryption subkey',
      hint: 'Add one (`gpg --quick-add-key <fingerprint> cv25519 encr`).',
    }
  );
}

export function unusable(name: string, reason: string, hint: string): never {
  fail({
    code: 'RECIPIENT_UNUSABLE',
    message: `The key of recipient ${name} cannot be used: ${reason}.`,
    origin: 'key',
    permanent: true,
    hint,
  });
}
