import { createHash } from 'node:crypto';
import { fail } from '../contract/index.ts';
import { damaged } from './damage.ts';
import { checkHeader, HEADER_BYTES, MAX_OBJECT_BYTES, objectHeader } from './object.ts';
import { openRecord, sealRecord } from './sealed.ts';
import { decodeTable, type PackTable } from './table.ts';
import { packBytesOf } from './trailer.ts';

/** A pack as an index lists it. `name` is the SHA-256 of its `size` bytes, in hex. */
export interface IndexedPack {
  readonly name: string;
  readonly size: number;
  readonly table: PackTable;
}

const ENTRY_BYTES = 40;

/**
 * The tables of some packs in one object, so that a reader need not open every pack:
 * header | sealed (pack name 32 | pack length u32 | table length u32 | table)*. `name` is the SHA-256 of `bytes`.
 */
export function encodeFragment(o: {
  domain: Uint8Array;
  indexKey: Uint8Array;
  packs: readonly { name: string; size: number; table: Uint8Array }[];
}): { bytes: Uint8Array; name: string } {
  const length = o.packs.reduce((sum, pack) => sum + ENTRY_BYTES + pack.table.length, 0);
  if (length > MAX_OBJECT_BYTES - 1024) tooLarge(length);
  const record = new Uint8Array(length);
  const view = new DataView(record.buffer);
  let at = 0;
  for (const { name, size, table } of o.packs) {
    record.set(Buffer.from(name, 'hex'), at);
    view.setUint32(at + 32, size, true);
    view.setUint32(at + 36, table.length, true);
    record.set(table, at + ENTRY_BYTES);
    at += ENTRY_BYTES + table.length;
  }
  const bytes = Buffer.concat([objectHeader('index'), sealRecord(o.indexKey, 'index', fragmentAad(o.domain), record)]);
  return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), name: sha256(bytes) };
}

/** OBJECT_DAMAGED or TABLE_DAMAGED, WRONG_KEY for another index key. `key` is named in messages. */
export function decodeFragment(
  bytes: Uint8Array,
  o: { domain: Uint8Array; indexKey: Uint8Array; key: string },
): IndexedPack[] {
  checkHeader(bytes, 'index', o.key);
  const sealed = bytes.subarray(HEADER_BYTES);
  const damage = { code: 'OBJECT_DAMAGED', name: o.key } as const;
  const record = openRecord(o.indexKey, 'index', fragmentAad(o.domain), sealed, damage);
  const packs: IndexedPack[] = [];
  for (let at = 0; at < record.length; ) {
    const { pack, end } = decodeEntry(record, at, o.key);
    packs.push(pack);
    at = end;
  }
  return packs;
}

function decodeEntry(record: Uint8Array, at: number, key: string): { pack: IndexedPack; end: number } {
  const tableAt = at + ENTRY_BYTES;
  if (record.length < tableAt) damaged('OBJECT_DAMAGED', `${key} is damaged: an entry is cut short.`);
  const view = new DataView(record.buffer, record.byteOffset + at, ENTRY_BYTES);
  const size = view.getUint32(32, true);
  const tableLength = view.getUint32(36, true);
  const end = tableAt + tableLength;
  if (end > record.length) damaged('OBJECT_DAMAGED', `${key} is damaged: a table is cut short.`);
  const table = decodeTable(record.subarray(tableAt, end));
  if (size !== packBytesOf(table, tableLength))
    damaged('OBJECT_DAMAGED', `${key} is damaged: a table describes another pack.`);
  return { pack: { name: Buffer.from(record.subarray(at, at + 32)).toString('hex'), size, table }, end };
}

function fragmentAad(domain: Uint8Array): Uint8Array {
  return Buffer.concat([objectHeader('index'), domain]);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function tooLarge(length: number): never {
  fail({
    code: 'OBJECT_TOO_LARGE',
    message: `An index of ${length} bytes does not fit into one object; it has to be written in parts.`,
    origin: 'agent',
    permanent: true,
  });
}
