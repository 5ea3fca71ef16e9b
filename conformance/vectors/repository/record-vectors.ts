import { header, latin1 } from './reference-writer.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const refused: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'bytes behind the end': '0000',
  'a head longer than it needs to be': '1817',
  'an array of indefinite length': '9fff',
  'a map of indefinite length': 'bfff',
  'text of indefinite length': '7f6161ff',
  'a tag': 'c100',
  undefined: 'f7',
  'a float that has a shorter form': 'fa3fc00000',
  'an integer as a float': 'f90000',
  'not a number': 'f97e00',
  infinity: 'f97c00',
  'a key that is not text': 'a10000',
  'keys out of order': 'a2616200616100',
  'a key twice': 'a2616100616100',
  'text that is not UTF-8': '62c328',
  'a surrogate': '63eda080',
  'an array cut short': '8201',
  'an array of 2^32 - 1 items': '9affffffff',
  'bytes cut short': '4401',
  'minus zero': 'f98000',
  'a double that has a shorter form': 'fb4340000000000000',
  'a simple value that is none of these': 'e0',
  'a simple value of two bytes': 'f820',
  'a bignum': 'c249010000000000000000',
  'an empty array 65 deep': `${'81'.repeat(64)}80`,
  'nested 65 deep': `${'81'.repeat(65)}00`,
};

const accepted: readonly (readonly [string, string, unknown])[] = [
  ['null', 'f6', null],
  ['the smallest safe integer', '3b001ffffffffffffe', -(2 ** 53 - 1)],
  ['a half float', 'f93e00', 1.5],
  ['a double', 'fb3ff199999999999a', 1.1],
  ['text with a byte order mark', '64efbbbf61', '\uFEFFa'],
  ['2^53 as a float', 'fa5a000000', 2 ** 53],
  ['2^53 as an integer', '1b0020000000000000', undefined],
  ['the largest integer', '1bffffffffffffffff', undefined],
  ['the smallest integer', '3bffffffffffffffff', undefined],
  ['the smallest half float', 'f90001', 2 ** -24],
  ['bytes', '4401020304', undefined],
  ['a key that programs treat as special', 'a1695f5f70726f746f5f5f01', undefined],
  ['keys in the order of their encoding', 'a36162006261610162c3bc02', { b: 0, aa: 1, ü: 2 }],
  ['nested 64 deep', `${'81'.repeat(64)}00`, undefined],
];

/** CBOR items, and the header of objects. */
export function recordVectors(): VectorFile<Vector> {
  const items: Vector[] = [
    ...accepted.map(([name, bytes, holds]) => ({
      name,
      expect: 'ok',
      bytes,
      ...(holds === undefined ? {} : { holds }),
    })),
    ...Object.entries(refused).map(([name, bytes]) => ({ name, expect: 'OBJECT_DAMAGED', bytes })),
  ];
  return { about: 'Deterministic CBOR: each is one item, read alone.', vectors: items };
}

export function headerVectors(): VectorFile<Vector> {
  const marker = header('repository');
  const at = (index: number, value: number) => {
    const bytes = Buffer.from(marker);
    bytes[index] = value;
    return hex(bytes);
  };
  const vectors: Vector[] = [
    { name: 'the header of a marker', expect: 'ok', bytes: hex(marker) },
    { name: 'something else', expect: 'NOT_A_REPOSITORY', bytes: hex(latin1('# README\n')) },
    { name: 'nothing', expect: 'NOT_A_REPOSITORY', bytes: '' },
    { name: 'cut short', expect: 'OBJECT_DAMAGED', bytes: hex(marker.subarray(0, 7)) },
    { name: 'version 2', expect: 'FORMAT_NEWER', bytes: at(5, 2) },
    { name: 'suite 2', expect: 'FORMAT_NEWER', bytes: at(6, 2) },
    { name: 'version 0', expect: 'OBJECT_DAMAGED', bytes: at(5, 0) },
    { name: 'version 2 of an unknown type', expect: 'FORMAT_NEWER', bytes: at(5, 2).replace(/^(.{8})01/, '$1ff') },
    { name: 'another type', expect: 'OBJECT_DAMAGED', bytes: at(4, 2) },
    { name: 'the last byte is not 0', expect: 'OBJECT_DAMAGED', bytes: at(7, 1) },
  ];
  return { about: 'The first 8 bytes of an object, read as those of the marker of a repository.', vectors };
}
