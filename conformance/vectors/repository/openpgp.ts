/*
 * OpenPGP messages and keys cannot be made the same twice. So those that the vectors need are made once, when the generator runs, and
 * kept in openpgp-keys.json and openpgp-messages.json. The keys have no passphrase: they are for tests, and known to everyone.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as openpgp from 'openpgp';
import { sha256 } from './reference-writer.ts';
import { hex } from './vector.ts';

export interface Person {
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly privateKey: string;
}

const KEYS = new URL('openpgp-keys.json', import.meta.url);
const MESSAGES = new URL('openpgp-messages.json', import.meta.url);
const BORN = new Date('2026-01-01T00:00:00Z');

const people = kept<Person>(KEYS);
const messages = kept<string>(MESSAGES);

export async function person(name: string): Promise<Person> {
  const known = people[name];
  if (known !== undefined) return known;
  const made = await openpgp.generateKey({
    userIDs: { name: `holdfast test vectors, ${name}: known to everyone` },
    type: 'ecc',
    curve: 'curve25519Legacy',
    date: BORN,
    format: 'armored',
  });
  const fingerprint = (await openpgp.readKey({ armoredKey: made.publicKey })).getFingerprint();
  const person = { fingerprint, publicKey: made.publicKey, privateKey: made.privateKey };
  people[name] = person;
  return person;
}

/** A binary message of `payload` to these people. */
export async function sealed(payload: Uint8Array, to: readonly string[]): Promise<Buffer> {
  const name = `${hex(sha256(payload)).slice(0, 32)} to ${to.join(', ')}`;
  const known = messages[name];
  if (known !== undefined) return Buffer.from(known, 'hex');
  const encryptionKeys = await Promise.all(
    to.map(async (one) => openpgp.readKey({ armoredKey: (await person(one)).publicKey })),
  );
  const message = await openpgp.createMessage({ binary: payload, date: BORN });
  const config = { preferredSymmetricAlgorithm: openpgp.enums.symmetric.aes256 };
  const made = await openpgp.encrypt({ message, encryptionKeys, date: BORN, format: 'binary', config });
  messages[name] = hex(made);
  return Buffer.from(made);
}

/** A binary signature over `statement`, the same each time. `text`: as if it were text. */
export async function signature(
  statement: Uint8Array,
  by: string,
  o: { readonly text?: boolean } = {},
): Promise<Buffer> {
  const signingKeys = await openpgp.readPrivateKey({ armoredKey: (await person(by)).privateKey });
  const date = new Date('2026-01-02T03:04:05Z');
  const message = o.text
    ? await openpgp.createMessage({ text: Buffer.from(statement).toString('latin1'), date })
    : await openpgp.createMessage({ binary: statement, date });
  const config = { nonDeterministicSignaturesViaNotation: false };
  return Buffer.from(await openpgp.sign({ message, signingKeys, detached: true, date, format: 'binary', config }));
}

/** Keeps what was made since the module was loaded. */
export function keepOpenPgp(): void {
  writeFileSync(KEYS, `${JSON.stringify(people, null, 2)}\n`);
  writeFileSync(MESSAGES, `${JSON.stringify(messages, null, 2)}\n`);
}

function kept<T>(url: URL): Record<string, T> {
  return existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')) : {};
}
