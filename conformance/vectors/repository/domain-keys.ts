import { fixed, hkdf, keyPair } from './reference-writer.ts';
import { hex } from './vector.ts';

/** The one domain of all vectors. */
export const domain = fixed('domain', 16);
export const otherDomain = fixed('other domain', 16);
export const epochId = fixed('epoch', 16);
export const domainSecret = fixed('domain secret', 32);
export const idKey = hkdf(domainSecret, domain, 'holdfast v1 id key', 32);
export const indexKey = hkdf(domainSecret, domain, 'holdfast v1 index key', 32);

/** What a reader is given, in hex; a vector may change one of them. */
export async function readerKeys(): Promise<Record<'domain' | 'domainSecret' | 'epochPrivateKey', string>> {
  const { privateKey } = await keyPair('epoch');
  return { domain: hex(domain), domainSecret: hex(domainSecret), epochPrivateKey: hex(privateKey) };
}
