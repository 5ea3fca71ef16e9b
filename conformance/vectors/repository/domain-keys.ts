import { type BirthKeys, birth, fixed, hkdf, keyPair, signer } from './reference-writer.ts';
import { hex } from './vector.ts';

/** What all vectors are of: one repository, one writer, one domain, one epoch. */
export const repository = fixed('repository', 16);
export const writer = fixed('writer', 16);
export const domain = fixed('domain', 16);
export const epochId = fixed('epoch', 16);
export const domainSecret = fixed('domain secret', 32);
export const idKey = hkdf(domainSecret, domain, 'holdfast v1 id key', 32);
export const indexKey = hkdf(domainSecret, domain, 'holdfast v1 index key', 32);
export const writerSigner = signer('writer');
/** To which secrets of shared domains are sealed for the writer. */
export const joinKeys = () => keyPair('join');

export const other = {
  repository: fixed('other repository', 16),
  writer: fixed('other writer', 16),
  domain: fixed('other domain', 16),
  epoch: fixed('other epoch', 16),
  domainSecret: hex(fixed('another secret', 32)),
  signer: signer('forger'),
};

/** What a reader is given, in hex; a vector may change one of them. */
export async function readerKeys(): Promise<Record<'domain' | 'domainSecret' | 'epochPrivateKey', string>> {
  const { privateKey } = await keyPair('epoch');
  return { domain: hex(domain), domainSecret: hex(domainSecret), epochPrivateKey: hex(privateKey) };
}

export async function otherEpochPrivateKey(): Promise<string> {
  return hex((await keyPair('another epoch')).privateKey);
}

/** A birth of the one epoch. */
export async function ownBirth(label: string): Promise<BirthKeys> {
  return birth(label, domain, epochId, (await keyPair('epoch')).pair.publicKey);
}
