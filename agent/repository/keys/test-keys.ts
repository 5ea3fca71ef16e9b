import * as openpgp from 'openpgp';
import { generateRecoveryKey, type Identity, unlockIdentity } from './identity.ts';
import { type Recipient, readRecipient } from './recipient.ts';

/** When the keys of these tests were made, and a moment of their life. */
export const BORN = new Date('2026-01-01T00:00:00Z');
export const NOW = new Date('2026-03-01T12:00:00.123Z');
export const PASSPHRASE = 'correct horse battery staple';

export interface TestPerson {
  readonly recipient: Recipient;
  readonly identity: Identity;
  readonly armoredPrivate: string;
}

export async function person(name: string): Promise<TestPerson> {
  const { publicKey, privateKey } = await generateRecoveryKey({ name, passphrase: PASSPHRASE, created: BORN });
  const recipient = await readRecipient(name, publicKey, NOW);
  return { recipient, identity: await unlockIdentity(privateKey, PASSPHRASE), armoredPrivate: privateKey };
}

type Options = Omit<openpgp.KeyOptions, 'format' | 'userIDs'>;

/** A key without a passphrase, as another program might have made it. */
export async function foreignKey(options: Options): Promise<openpgp.PrivateKey> {
  const made = await openpgp.generateKey({ userIDs: { name: 'x' }, date: BORN, ...options, format: 'object' });
  return made.privateKey;
}

/** `bytes` with one bit turned over. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return Uint8Array.from(bytes, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}
