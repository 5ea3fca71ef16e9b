import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { noise } from 'holdfast/conformance';
import { SpecimenChunker } from './specimen-chunker.ts';

const AVERAGE = 2048;

function lengths(data: Uint8Array): number[] {
  const chunker = new SpecimenChunker({ average: AVERAGE }, noise(1, 32));
  const found: number[] = [];
  for (let at = 0; at < data.length; at += found.at(-1) ?? data.length)
    found.push(chunker.cut(data.subarray(at), true));
  return found;
}

describe('specimen', () => {
  it('cuts noise about as long as it is told', () => {
    const found = lengths(noise(2, 400 * AVERAGE));
    assert.ok(found.length > 250 && found.length < 500, `${found.length} chunks`);
    for (const length of found.slice(0, -1)) assert.ok(length > AVERAGE / 4 && length <= 4 * AVERAGE, `${length}`);
  });

  it('cuts what never changes at its longest, and takes nothing for no chunk', () => {
    assert.deepEqual(lengths(new Uint8Array(9 * AVERAGE).fill(7)), [4 * AVERAGE, 4 * AVERAGE, AVERAGE]);
    assert.deepEqual(lengths(new Uint8Array(0)), []);
  });
});
