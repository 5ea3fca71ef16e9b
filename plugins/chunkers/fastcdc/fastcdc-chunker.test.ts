import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { noise } from 'holdfast/conformance';
import type { Chunker } from 'holdfast/plugin';
import { FastcdcChunker } from './fastcdc-chunker.ts';
import { gearTable } from './gear-table.ts';

const small = { min: 1024, avg: 4096, max: 16_384 };
const key = noise(1, 32);

function cutAll(chunker: Chunker, data: Uint8Array): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < data.length; at += lengths.at(-1) ?? 0) lengths.push(chunker.cut(data.subarray(at), true));
  return lengths;
}

/** The definition, byte by byte. */
function plainCut(data: Uint8Array, { min, avg, max }: typeof small): number {
  const gear = gearTable(key);
  const bits = Math.round(Math.log2(avg));
  let hash = 0n;
  for (let at = min; at < Math.min(data.length, max); at++) {
    hash = BigInt.asUintN(32, (hash << 1n) + BigInt(gear[data[at] ?? 0] ?? 0));
    if (hash >> BigInt(32 - (at < avg ? bits + 2 : bits - 2)) === 0n) return at + 1;
  }
  return Math.min(data.length, max);
}

interface Vector {
  readonly name: string;
  readonly key: string;
  readonly options: typeof small;
  readonly data:
    | { readonly aes128ctr: string; readonly length: number }
    | { readonly repeat: string; readonly length: number };
  readonly expect: readonly number[];
}

function dataOf({ data }: Vector): Uint8Array {
  const zeros = Buffer.alloc(data.length);
  if ('repeat' in data) return zeros.fill(data.repeat, 'hex');
  return createCipheriv('aes-128-ctr', Buffer.from(data.aes128ctr, 'hex'), Buffer.alloc(16)).update(zeros);
}

describe('fastcdc', () => {
  const file = new URL('../../../conformance/vectors/chunkers/fastcdc.json', import.meta.url);
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: readonly Vector[] };
  for (const vector of vectors) {
    it(`vector: ${vector.name}`, () => {
      const chunker = new FastcdcChunker(vector.options, Buffer.from(vector.key, 'hex'));
      assert.deepEqual(cutAll(chunker, dataOf(vector)), vector.expect);
    });
  }
  it('has vectors', () => assert.ok(vectors.length >= 5));

  it('cuts where the definition says', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 40_000 }), (seed, length) => {
        const data = noise(seed, length);
        const at = new FastcdcChunker(small, key).cut(data, true);
        assert.equal(at, plainCut(data, small));
      }),
      { numRuns: 60 },
    );
  });

  it('gathers around avg', () => {
    const lengths = cutAll(new FastcdcChunker(small, key), noise(3, 8 * 2 ** 20));
    const mean = (8 * 2 ** 20) / lengths.length;
    assert.ok(mean > 3500 && mean < 6000, `mean ${mean}`);
    const close = lengths.filter((length) => length > 2048 && length < 8192).length / lengths.length;
    assert.ok(close > 0.75, `only ${close} within a factor of two`);
  });

  it('stands zeros and short periods: no chunk below min, and all done at once', () => {
    for (let period = 1; period <= 8; period++) {
      for (let seed = 0; seed < 20; seed++) {
        const pattern = noise(seed, period);
        const data = new Uint8Array(2 ** 18).map((_, n) => (seed === 0 ? 0 : (pattern[n % period] ?? 0)));
        const lengths = cutAll(new FastcdcChunker(small, noise(seed, 32)), data);
        assert.ok(
          lengths.slice(0, -1).every((length) => length >= small.min),
          `period ${period}, seed ${seed}`,
        );
        // All full chunks but the first begin at the same phase or at one of `period`.
        assert.ok(new Set(lengths.slice(0, -1)).size <= period, `period ${period}, seed ${seed}: ${lengths}`);
      }
    }
  });

  it('takes sizes as people write them', () => {
    assert.equal(new FastcdcChunker({ min: '256KiB', avg: '1MiB', max: '4MiB' }, key).maxBytes, 4_194_304);
    assert.equal(new FastcdcChunker({ ...small, max: '64kB' }, key).maxBytes, 64_000);
  });

  it('refuses sizes that do not ascend or leave the bounds', () => {
    const refused = [
      { min: 8192 },
      { avg: 32_768 },
      { min: 1023 },
      { max: 2 ** 24 + 1 },
      { avg: '4' },
      { avg: Number.NaN },
      { min: '4 KiB' },
    ];
    for (const wrong of refused) {
      assert.throws(
        () => new FastcdcChunker({ ...small, ...wrong }, key),
        (thrown: { failure?: { code?: string } }) => thrown.failure?.code === 'OPTIONS_INVALID',
        JSON.stringify(wrong),
      );
    }
  });
});
