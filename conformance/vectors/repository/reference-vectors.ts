import { fixed, references, u32 } from './reference-writer.ts';
import { family } from './refused.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

const salts = [fixed('salt 1', 32), fixed('salt 2', 32)].sort(Buffer.compare) as [Buffer, Buffer];

export function referenceVectors(): VectorFile<Vector> {
  const { ok, bad } = family({});
  const births = [
    { salt: salts[0], ordinals: [0, 1, 130] },
    { salt: salts[1], ordinals: [2 ** 32 - 1] },
  ];
  const bytes = references(births);
  const one = (count: number, ordinals: string) =>
    Buffer.concat([u32(1), salts[0], u32(count), Buffer.from(ordinals, 'hex')]);
  const two = (first: Buffer, second: Buffer) =>
    Buffer.concat([u32(2), ...[first, second].flatMap((salt) => [salt, u32(1), Buffer.of(0)])]);
  const damaged = (name: string, of: Uint8Array) => bad(name, 'OBJECT_DAMAGED', of);
  return {
    about: 'References in plaintext. holds: the births, with the ordinals of their frames.',
    vectors: [
      ok(
        'two births',
        bytes,
        births.map(({ salt, ordinals }) => ({ salt: hex(salt), ordinals })),
      ),
      ok('none', references([]), []),
      damaged('nothing at all', Buffer.alloc(0)),
      damaged('cut short', bytes.subarray(0, -1)),
      damaged('a byte behind them', Buffer.concat([bytes, Buffer.of(0)])),
      damaged('births out of order', two(salts[1], salts[0])),
      damaged('one birth twice', two(salts[0], salts[0])),
      damaged('a birth without ordinals', one(0, '')),
      damaged('more births than there is room for', Buffer.concat([u32(0xffffffff), bytes.subarray(4)])),
      damaged('more ordinals than there is room for', one(0xffffffff, '00')),
      damaged('a number longer than it needs to be', one(1, '8000')),
      damaged('a number of six bytes', one(1, '808080808001')),
      damaged('a number of more than 32 bits', one(1, 'ffffffff1f')),
      damaged('ordinals beyond 32 bits', one(2, 'ffffffff0f00')),
    ],
  };
}
