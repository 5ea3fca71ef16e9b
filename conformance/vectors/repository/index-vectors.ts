import { domain, indexKey, other, readerKeys } from './domain-keys.ts';
import { samplePack } from './pack-vectors.ts';
import { changed, fragment, header, sealedRecord, sha256, u32 } from './reference-writer.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

export async function indexVectors(): Promise<VectorFile<Vector>> {
  const { bytes: pack, table } = await samplePack();
  const { domain: domainId, domainSecret } = await readerKeys();
  const bytes = fragment('index', domain, indexKey, [{ pack, table }]);
  const sealed = (record: Uint8Array) => {
    const aad = Buffer.concat([header('index'), domain]);
    return Buffer.concat([header('index'), sealedRecord('index', indexKey, 'index', aad, record)]);
  };
  const entry = Buffer.concat([sha256(pack), u32(pack.length), u32(table.length), table]);
  const vector = (name: string, expect: string, object: Uint8Array, secret = domainSecret): Vector => ({
    name,
    expect,
    key: `indexes/${domainId}/00`,
    keys: { domain: domainId, domainSecret: secret },
    bytes: hex(object),
  });
  const vectors: Vector[] = [
    { ...vector('one pack', 'ok', bytes), holds: [{ name: hex(sha256(pack)), size: pack.length, table: hex(table) }] },
    { ...vector('no pack', 'ok', sealed(Buffer.alloc(0))), holds: [] },
    vector('another index key', 'WRONG_KEY', bytes, other.domainSecret),
    vector('another domain with the same index key', 'OBJECT_DAMAGED', fragment('index', other.domain, indexKey, [])),
    vector(
      'a table where an index belongs',
      'OBJECT_DAMAGED',
      Buffer.concat([
        header('index'),
        sealedRecord('index', indexKey, 'table', Buffer.concat([header('index'), domain]), entry),
      ]),
    ),
    vector('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
    vector('another type', 'OBJECT_DAMAGED', changed(bytes, 4)),
    vector('a bit of the salt', 'OBJECT_DAMAGED', changed(bytes, 8)),
    vector('a bit of the key check', 'OBJECT_DAMAGED', changed(bytes, 40)),
    vector('a bit of the tag', 'OBJECT_DAMAGED', changed(bytes, -1)),
    vector('the last byte is missing', 'OBJECT_DAMAGED', bytes.subarray(0, -1)),
    vector('nothing but a header', 'OBJECT_DAMAGED', bytes.subarray(0, 8)),
    vector('an entry cut short', 'OBJECT_DAMAGED', sealed(entry.subarray(0, 39))),
    vector('a table cut short', 'OBJECT_DAMAGED', sealed(entry.subarray(0, -1))),
    vector('a table of 4 GiB', 'OBJECT_DAMAGED', sealed(changed(entry, 36, u32(0xffffffff)))),
    vector(
      'a pack of another size',
      'OBJECT_DAMAGED',
      fragment('index', domain, indexKey, [{ pack, table, size: pack.length + 1 }]),
    ),
    vector('a table that lies', 'TABLE_DAMAGED', sealed(changed(entry, 40 + 4, u32(3)))),
  ];
  const about = 'Index fragments. keys as for packs. holds: the packs, with their encoded tables.';
  return { about, vectors };
}
