import { deriveKey } from './aead.ts';

/**
 * What a host may hold of a domain, and what needs no reading role: ids of chunks, tables and indexes, chunk boundaries.
 * None of these opens a frame.
 */
export interface DomainKeys {
  /** 32 hex. */
  readonly id: string;
  readonly name: string;
  /** HMAC-SHA-256 key of chunk ids. */
  readonly idKey: Uint8Array;
  /** Opens pack tables, index fragments and the references of snapshots. */
  readonly indexKey: Uint8Array;
  /** Makes chunk boundaries unpredictable to those who only see sizes. */
  readonly chunkerKey: Uint8Array;
}

/** Derives the 32-byte keys of a domain from its 32-byte secret: HKDF-SHA-256, salt = the 16 bytes of the id. */
export function domainKeys(id: string, name: string, secret: Uint8Array): DomainKeys {
  const salt = Buffer.from(id, 'hex');
  return {
    id,
    name,
    idKey: deriveKey(secret, salt, 'holdfast v1 id key', 32),
    indexKey: deriveKey(secret, salt, 'holdfast v1 index key', 32),
    chunkerKey: deriveKey(secret, salt, 'holdfast v1 chunker key', 32),
  };
}
