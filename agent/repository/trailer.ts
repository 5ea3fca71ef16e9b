import { createHash } from 'node:crypto';
import { damaged } from './damage.ts';
import { HEADER_BYTES, MAX_OBJECT_BYTES, objectHeader } from './object.ts';
import { openRecord, SEALED_OVERHEAD, sealRecord } from './sealed.ts';
import { decodeTable, framesEnd, type PackTable } from './table.ts';

/** sealed table length u32 | pack length u32 | first 4 bytes of the SHA-256 of these | "HFSP". */
export const TRAILER_BYTES = 16;
const CHECKED_BYTES = 8;
const CHECK_BYTES = 4;
const MAGIC = Buffer.from('HFSP', 'latin1');

/** Where the sealed table of a pack lies, and how long the pack is, in bytes. */
export interface Trailer {
  readonly tableOffset: number;
  readonly tableLength: number;
  readonly packBytes: number;
}

export function encodeTrailer(tableLength: number, packBytes: number): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, tableLength, true);
  view.setUint32(4, packBytes, true);
  bytes.set(check(bytes), CHECKED_BYTES);
  bytes.set(MAGIC, CHECKED_BYTES + CHECK_BYTES);
  return bytes;
}

/**
 * `end` is the end of a pack, at least its last 16 bytes; `size` the length of the whole object, where it is known. PACK_DAMAGED
 * when that is not how a pack of this length ends. `key` is named in the message.
 */
export function parseTrailer(end: Uint8Array, key: string, size?: number): Trailer {
  if (end.length < TRAILER_BYTES) damaged('PACK_DAMAGED', `${key} is damaged: it is cut short.`);
  const trailer = end.subarray(end.length - TRAILER_BYTES);
  const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
  const tableLength = view.getUint32(0, true);
  const packBytes = view.getUint32(4, true);
  const tableOffset = packBytes - TRAILER_BYTES - tableLength;
  const possible = packBytes <= MAX_OBJECT_BYTES && tableLength > SEALED_OVERHEAD && tableOffset >= HEADER_BYTES;
  if (!possible || Buffer.compare(trailer.subarray(CHECKED_BYTES), Buffer.concat([check(trailer), MAGIC])) !== 0) {
    damaged('PACK_DAMAGED', `${key} is damaged: it does not end as a pack does.`);
  }
  if (size !== undefined && size !== packBytes) {
    damaged('PACK_DAMAGED', `${key} is damaged: it has ${size} bytes and was written with ${packBytes}.`);
  }
  return { tableOffset, tableLength, packBytes };
}

/** The sealed form of an encoded table, as it stands in a pack of this domain. */
export function sealTable(indexKey: Uint8Array, domain: Uint8Array, table: Uint8Array): Uint8Array {
  return sealRecord(indexKey, 'table', tableAad(domain), table);
}

/** The table of a pack from its sealed form. WRONG_KEY, or TABLE_DAMAGED when it is not the table of a pack with this trailer. */
export function openTable(
  indexKey: Uint8Array,
  domain: Uint8Array,
  trailer: Trailer,
  sealed: Uint8Array,
  key: string,
): PackTable {
  const opened = openRecord(indexKey, 'table', tableAad(domain), sealed, { code: 'TABLE_DAMAGED', name: key });
  const table = decodeTable(opened);
  const fits = sealed.length === trailer.tableLength && framesEnd(table) === trailer.tableOffset;
  if (!fits) damaged('TABLE_DAMAGED', `${key} is damaged: its table describes another pack.`);
  return table;
}

/** The length of a whole pack whose plain table has `tableLength` bytes. */
export function packBytesOf(table: PackTable, tableLength: number): number {
  return framesEnd(table) + SEALED_OVERHEAD + tableLength + TRAILER_BYTES;
}

function tableAad(domain: Uint8Array): Uint8Array {
  return Buffer.concat([objectHeader('pack'), domain]);
}

// Without it, a flipped bit in a length would have the table sought elsewhere, and what lies there look like another key's.
function check(trailer: Uint8Array): Uint8Array {
  return createHash('sha256').update(trailer.subarray(0, CHECKED_BYTES)).digest().subarray(0, CHECK_BYTES);
}
