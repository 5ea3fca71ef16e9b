import { domain, idKey, indexKey, other, otherEpochPrivateKey, ownBirth, readerKeys } from './domain-keys.ts';
import { type BirthKeys, changed, fixed, frame, pack, table, type VectorFrame } from './reference-writer.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const key = `packs/${hex(domain)}/00/00`;

/** The frames of the pack that all vectors change, and the keys of its birth. */
export async function samplePack(): Promise<{ keys: BirthKeys; frames: VectorFrame[]; bytes: Buffer; table: Buffer }> {
  const keys = await ownBirth('birth');
  const frames = [
    frame(keys, domain, idKey, { ordinal: 0, texts: ['a small chunk', 'and another one'] }),
    frame(keys, domain, idKey, { ordinal: 1, texts: ['one chunk alone'] }),
  ];
  const plain = table([keys], frames);
  return { keys, frames, bytes: pack('pack', domain, indexKey, frames, plain), table: plain };
}

export async function packVectors(): Promise<VectorFile<Vector>> {
  const { keys, frames, bytes, table: plain } = await samplePack();
  const readWith = await readerKeys();
  const [first, second] = frames as [VectorFrame, VectorFrame];
  const ok = (name: string, object: Uint8Array, holds: readonly string[][]): Vector => ({
    name,
    expect: 'ok',
    key,
    keys: readWith,
    bytes: hex(object),
    holds,
  });
  const bad = (name: string, expect: string, object: Uint8Array, changes: Partial<typeof readWith> = {}): Vector => ({
    name,
    expect,
    key,
    keys: { ...readWith, ...changes },
    bytes: hex(object),
  });
  const rebuilt = (of: readonly VectorFrame[], with_: Uint8Array) => pack('pack', domain, indexKey, of, with_);
  const tableAt = 8 + first.sealed.length + second.sealed.length;
  const moved = { ...frame(keys, domain, idKey, { ordinal: 5, texts: ['moved'] }), ordinal: 4 };
  const third = frame(keys, domain, idKey, { ordinal: 2, texts: ['A SMALL CHUNK', 'AND ANOTHER ONE'] });
  const uncommitted = { ...keys, record: changed(keys.record, 159) };
  const lying = frame(keys, domain, fixed('another id key', 32), { ordinal: 0, texts: ['not what its id says'] });
  const vectors: Vector[] = [
    ok('two frames of one birth', bytes, [['a small chunk', 'and another one'], ['one chunk alone']]),
    ok('no frame', rebuilt([], table([], [])), []),
    ok('frames out of the order of their ordinals', rebuilt([second, first], table([keys], [second, first])), [
      ['one chunk alone'],
      ['a small chunk', 'and another one'],
    ]),
    bad('another index key', 'WRONG_KEY', bytes, { domainSecret: other.domainSecret }),
    bad('another epoch key', 'WRONG_KEY', bytes, { epochPrivateKey: await otherEpochPrivateKey() }),
    bad('another domain with the same index key', 'TABLE_DAMAGED', pack('pack', other.domain, indexKey, frames, plain)),
    bad('no magic', 'OBJECT_DAMAGED', changed(bytes, 0)),
    bad('another type', 'OBJECT_DAMAGED', changed(bytes, 4)),
    bad('format version 2', 'FORMAT_NEWER', changed(bytes, 5, Buffer.of(2))),
    bad('suite 2', 'FORMAT_NEWER', changed(bytes, 6, Buffer.of(2))),
    bad('a bit of the first frame', 'FRAME_DAMAGED', changed(bytes, 8)),
    bad('a bit of the tag of the second frame', 'FRAME_DAMAGED', changed(bytes, tableAt - 1)),
    bad('a bit of the salt of the table', 'TABLE_DAMAGED', changed(bytes, tableAt)),
    bad('a bit of the key check', 'TABLE_DAMAGED', changed(bytes, tableAt + 32)),
    bad('a bit of the table', 'TABLE_DAMAGED', changed(bytes, tableAt + 40)),
    bad('the last byte is missing', 'PACK_DAMAGED', bytes.subarray(0, -1)),
    bad(
      'a byte is missing in front of the frames',
      'PACK_DAMAGED',
      Buffer.concat([bytes.subarray(0, 8), bytes.subarray(9)]),
    ),
    bad(
      'two frames in the places of each other',
      'FRAME_DAMAGED',
      rebuilt([third, first], table([keys], [first, third])),
    ),
    bad('a frame under another ordinal', 'FRAME_DAMAGED', rebuilt([moved], table([keys], [moved]))),
    bad('a frame under another codec', 'FRAME_DAMAGED', rebuilt([first], table([keys], [{ ...first, codec: 1 }]))),
    bad('a commitment to another data key', 'WRONG_KEY', rebuilt(frames, table([uncommitted], frames))),
    bad('a chunk that is not what its id says', 'FRAME_DAMAGED', rebuilt([lying], table([keys], [lying]))),
    bad('a table of another pack', 'TABLE_DAMAGED', rebuilt([first], plain)),
  ];
  const about =
    'Packs. keys: the id of the domain, its secret (index key and id key are derived from it), the private key of the epoch. ' +
    'A reader checks the header, finds the table from the end, opens births and frames, and matches chunks with their ids. ' +
    'No name is given, so that the hash of the whole is not what fails. holds: the chunks of each frame, as text.';
  return { about, vectors };
}
