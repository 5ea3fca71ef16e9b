import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChaCha } from './chacha.ts';
import { Permutation } from './permutation.ts';

const key = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');

/** What comes of the value that is the `index`-th of those with such radices. */
function permuted(permutation: Permutation, radices: readonly number[], index: number, tweak = 0): string {
  const digits = new Uint16Array(radices.length);
  let rest = index;
  for (let i = radices.length - 1; i >= 0; i--) {
    digits[i] = rest % (radices[i] as number);
    rest = Math.floor(rest / (radices[i] as number));
  }
  permutation.apply({ digits, radices: Uint16Array.from(radices), length: radices.length }, tweak);
  for (const [i, digit] of digits.entries()) assert.ok(digit < (radices[i] as number), `${digit} at ${i}`);
  return digits.join();
}

test('the block is that of ChaCha20', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (k, words) => {
        const block = new ChaCha(k);
        const at = (i: number) => new DataView(words.buffer, words.byteOffset).getUint32(i * 4, true);
        block.block(at(0), at(1), at(2), at(3));
        const expected = createCipheriv('chacha20', k, words).update(Buffer.alloc(64));
        assert.deepEqual(
          Array.from(block.words, (_, i) => expected.readUInt32LE(i * 4)),
          Array.from(block.words),
        );
      },
    ),
  );
});

const spaces: readonly (readonly [string, readonly number[]])[] = [
  ['one position', [10]],
  ['a table of different radices', [26, 10, 16, 9]],
  ['the greatest table', [256, 256]],
  ['a table too large, of two halves', [300, 300]],
  ['halves of words', [7, 3, 5, 9, 2, 13]],
  // Radix 1 stands for a position that has no choice: so that all values of a long shape can be counted.
  ['a long value', [...Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 3 : 1))]],
  ['halves that fill more words than a block takes', [512, 1, ...Array.from({ length: 22 }, () => 1), 512]],
];

for (const [name, radices] of spaces) {
  test(`different values stay different: ${name}`, () => {
    const permutation = new Permutation(key);
    const size = radices.reduce((product, radix) => product * radix, 1);
    const all = new Set(Array.from({ length: size }, (_, i) => permuted(permutation, radices, i)));
    assert.equal(all.size, size);
  });
}

test('it looks like chance: another tweak or key is another permutation, and neighbours part', () => {
  for (const radices of [[26, 26], Array.from({ length: 9 }, () => 10), Array.from({ length: 50 }, () => 26)]) {
    const [one, other] = [new Permutation(key), new Permutation(key.toReversed())];
    const few = Array.from({ length: 200 }, (_, i) => i);
    const made = few.map((i) => permuted(one, radices, i));
    const same = (others: string[]) => others.filter((text, i) => text === made[i]).length;
    assert.ok(same(few.map((i) => permuted(one, radices, i, 1))) < 10, 'tweak');
    assert.ok(same(few.map((i) => permuted(other, radices, i))) < 10, 'key');
    const first = made.map((text) => text.split(',')[0]);
    assert.ok(new Set(first).size >= 9, 'the first position depends on the last');
  }
});

test('a table made again, after others took its place, is the same', () => {
  const permutation = new Permutation(key);
  const before = permuted(permutation, [100], 42);
  for (let radix = 101; radix < 200; radix++) permuted(permutation, [radix], 0);
  assert.equal(permuted(permutation, [100], 42), before);
});
