/**
 * Reads what of a repository the host's own keys open, from agent/repository/FORMAT.md alone and not by the agent's code: which
 * birth and ordinal every frame was sealed under, which chunk lies where, and which salt every record has.
 */
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from 'cborg';

const HEADER_BYTES = 8;
const TRAILER_BYTES = 16;
const SALT_BYTES = 32;
const CHECK_BYTES = 8;
const TAG_BYTES = 16;
const BIRTH_BYTES = 160;
const DIGEST_BYTES = 32;

export interface Frame {
  /** Hex. */
  readonly birth: string;
  readonly ordinal: number;
  readonly chunks: readonly { readonly id: string; readonly length: number }[];
}

export interface Pack {
  readonly frames: readonly Frame[];
  /** Of the table, hex. */
  readonly salt: string;
}

/** The index keys (§6) of the domains in a state folder, by the domain's id in hex. */
export function indexKeysOf(stateFolder: string): ReadonlyMap<string, Buffer> {
  const file = readFileSync(join(stateFolder, 'host-keys'));
  const { domains } = decode(file.subarray(0, -DIGEST_BYTES)) as { domains: { id: string; secret: Uint8Array }[] };
  const entries = domains.map(({ id, secret }): [string, Buffer] => {
    return [id, Buffer.from(hkdfSync('sha256', secret, Buffer.from(id, 'hex'), 'holdfast v1 index key', 32))];
  });
  return new Map(entries);
}

/** The table of a whole pack (§11). Throws for what is none. */
export function readPack(pack: Buffer, domain: string, indexKey: Buffer): Pack {
  const tableLength = pack.readUInt32LE(pack.length - TRAILER_BYTES);
  const start = pack.length - TRAILER_BYTES - tableLength;
  const sealed = pack.subarray(start, pack.length - TRAILER_BYTES);
  const salt = sealed.subarray(0, SALT_BYTES);
  const key = Buffer.from(hkdfSync('sha256', indexKey, salt, 'holdfast v1 table', 32));
  const aad = Buffer.concat([pack.subarray(0, HEADER_BYTES), Buffer.from(domain, 'hex')]);
  return { frames: framesOf(open(key, sealed.subarray(SALT_BYTES + CHECK_BYTES), aad)), salt: salt.toString('hex') };
}

/** The salt of a fragment's one record (§12), hex. */
export function fragmentSalt(fragment: Buffer): string {
  return fragment.toString('hex', HEADER_BYTES, HEADER_BYTES + SALT_BYTES);
}

/** The salt of a snapshot's references and that of the birth of its body (§13), hex. */
export function snapshotSalts(snapshot: Buffer): { readonly references: string; readonly birth: string } {
  const references = HEADER_BYTES + 4 + snapshot.readUInt32LE(HEADER_BYTES);
  const birth = references + 4 + snapshot.readUInt32LE(references);
  return {
    references: snapshot.toString('hex', references + 4, references + 4 + SALT_BYTES),
    birth: snapshot.toString('hex', birth, birth + SALT_BYTES),
  };
}

function open(key: Buffer, sealed: Buffer, aad: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad).setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
}

function framesOf(table: Buffer): Frame[] {
  const [births, frames, chunks] = [table.readUInt32LE(0), table.readUInt32LE(4), table.readUInt32LE(8)];
  const rows = 12 + births * BIRTH_BYTES;
  const ids = rows + frames * 20;
  const lengths = ids + chunks * 32;
  let chunk = 0;
  return Array.from({ length: frames }, (_, i) => {
    const row = rows + i * 20;
    const birth = 12 + table.readUInt16LE(row + 16) * BIRTH_BYTES;
    const first = chunk;
    chunk += table.readUInt32LE(row + 12);
    return {
      birth: table.toString('hex', birth, birth + SALT_BYTES),
      ordinal: table.readUInt32LE(row + 8),
      chunks: Array.from({ length: chunk - first }, (_, n) => ({
        id: table.toString('hex', ids + (first + n) * 32, ids + (first + n + 1) * 32),
        length: table.readUInt32LE(lengths + (first + n) * 4),
      })),
    };
  });
}
