import assert from 'node:assert/strict';
import type { Chunker, ChunkerPlugin, Json } from 'holdfast/plugin';
import { describedCheck } from '../kit/described.ts';
import { noise, prose, sha256 } from '../kit/samples.ts';
import type { ConformanceCheck, Suite } from '../kit/suite.ts';

/** What the author of a chunker supplies. */
export interface ChunkerHarness {
  readonly plugin: ChunkerPlugin;
  /** Complete, valid options: defaults are not filled in. Chunks of a few KiB keep the suite quick. */
  readonly options: Json;
  /** True when cuts follow the content (and the key); false for blocks of a fixed length, which need not find back. */
  readonly contentDefined: boolean;
}

/** The obligations of `Chunker`. */
export const chunkerSuite: Suite<ChunkerHarness> = {
  name: 'chunker',
  checks: [
    describedCheck,
    {
      name: 'deterministic',
      holds: 'The same bytes, options and key are cut alike, by this instance, used before or not, and by another.',
      async run(harness) {
        const chunker = open(harness);
        for (const { name, data } of samples(chunker)) {
          const expected = cuts(open(harness), data);
          assert.deepEqual(cuts(chunker, data), expected, name);
          assert.deepEqual(cuts(chunker, data), expected, `${name}, again`);
        }
        return undefined;
      },
    },
    {
      name: 'never longer than maxBytes',
      holds: 'No chunk is longer than maxBytes, and a window of at least maxBytes always yields a chunk.',
      async run(harness) {
        const chunker = open(harness);
        assert.ok(Number.isInteger(chunker.maxBytes) && chunker.maxBytes > 0, `maxBytes is ${chunker.maxBytes}`);
        for (const { name, data } of samples(chunker)) {
          for (const end of [false, true]) {
            const length = chunker.cut(data, end);
            assert.ok(length > 0, `${name}: ${length} for a window of ${data.length} bytes`);
          }
          const longest = Math.max(...cuts(chunker, data));
          assert.ok(
            longest <= chunker.maxBytes,
            `${name}: a chunk of ${longest} bytes, maxBytes is ${chunker.maxBytes}`,
          );
        }
        return undefined;
      },
    },
    {
      name: 'covers every byte',
      holds:
        'At the end of a stream cut returns at least 1 and at most what is left, so that the chunks add up to the stream.',
      async run(harness) {
        const chunker = open(harness);
        const data = noise(1, 2 * chunker.maxBytes + 3);
        const lengths = [1, 2, 3, 100, chunker.maxBytes - 1, chunker.maxBytes, chunker.maxBytes + 1, data.length];
        for (const length of lengths) {
          if (length < 1) continue;
          const sum = cuts(chunker, data.subarray(0, length)).reduce((total, cut) => total + cut, 0);
          assert.equal(sum, length, `a stream of ${length} bytes`);
        }
        return undefined;
      },
    },
    {
      name: 'starts again at any boundary',
      holds: 'The length of a chunk depends only on the bytes from its start: any boundary is a place to start again.',
      async run(harness) {
        const data = noise(2, 8 * open(harness).maxBytes);
        const lengths = cuts(open(harness), data);
        let at = 0;
        for (const [n, length] of lengths.entries()) {
          assert.equal(open(harness).cut(data.subarray(at), true), length, `a new instance at chunk ${n}`);
          at += length;
        }
        return undefined;
      },
    },
    {
      name: 'takes any window',
      holds: 'How the stream is split into windows does not matter: a short window gives 0 or the same chunk.',
      async run(harness) {
        const chunker = open(harness);
        for (const { name, data } of samples(chunker)) {
          const expected = cuts(chunker, data);
          for (const step of [Math.ceil(chunker.maxBytes / 7), Math.ceil(chunker.maxBytes / 3) + 1, chunker.maxBytes]) {
            assert.deepEqual(cutsByWindows(chunker, data, step), expected, `${name}, windows growing by ${step} bytes`);
          }
        }
        return undefined;
      },
    },
    {
      name: 'leaves the window alone',
      holds: 'cut does not change the bytes it looks at.',
      async run(harness) {
        const chunker = open(harness);
        const data = noise(3, 3 * chunker.maxBytes);
        const before = sha256(data);
        cuts(chunker, data);
        assert.equal(sha256(data), before);
        return undefined;
      },
    },
    {
      name: 'finds back after an insertion',
      holds: 'After a few bytes are inserted, at least four fifths of a stream of 24 longest chunks are cut as before.',
      async run(harness) {
        if (!harness.contentDefined) return exempt;
        const chunker = open(harness);
        const data = noise(4, 24 * chunker.maxBytes);
        const changed = Buffer.concat([data.subarray(0, 1000), noise(5, 7), data.subarray(1000)]);
        const known = new Set(chunksOf(chunker, data).map(sha256));
        const same = chunksOf(chunker, changed).filter((chunk) => known.has(sha256(chunk)));
        const ratio = same.reduce((total, chunk) => total + chunk.length, 0) / changed.length;
        assert.ok(ratio >= 0.8, `only ${(100 * ratio).toFixed(1)} % of the bytes lie in chunks that were there before`);
        return { sameBytes: Number(ratio.toFixed(4)) };
      },
    },
    {
      name: 'follows its key',
      holds: 'Another key cuts elsewhere, so that the lengths of chunks do not tell who holds a known file.',
      async run(harness) {
        if (!harness.contentDefined) return exempt;
        const data = noise(6, 8 * open(harness).maxBytes);
        const ours = cuts(open(harness), data);
        const theirs = cuts(harness.plugin.create(harness.options, noise(8, 32)), data);
        assert.notDeepEqual(ours, theirs, 'two keys, the same cuts');
        return undefined;
      },
    },
  ] satisfies readonly ConformanceCheck<ChunkerHarness>[],
};

const exempt: Json = { exempt: 'blocks of a fixed length' };

function open({ plugin, options }: ChunkerHarness): Chunker {
  return plugin.create(options, noise(7, 32));
}

/** Each longer than three of the longest chunks. */
function samples({ maxBytes }: Chunker): readonly { readonly name: string; readonly data: Uint8Array }[] {
  const length = 3 * maxBytes + 11;
  return [
    { name: 'noise', data: noise(11, length) },
    { name: 'prose', data: prose(12, length) },
    { name: 'zeros', data: new Uint8Array(length) },
    { name: 'a pattern of three bytes', data: new Uint8Array(length).map((_, n) => n % 3) },
  ];
}

function cuts(chunker: Chunker, data: Uint8Array): number[] {
  return chunksOf(chunker, data).map((chunk) => chunk.length);
}

function chunksOf(chunker: Chunker, data: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const length = chunker.cut(data.subarray(at), true);
    assert.ok(Number.isInteger(length) && length >= 1, `cut returned ${length} at the end of a stream`);
    assert.ok(length <= data.length - at, `cut returned ${length}, only ${data.length - at} bytes are left`);
    chunks.push(data.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

/** Cuts as a caller does who has only a part of the stream at a time and asks again when `step` more bytes came. */
function cutsByWindows(chunker: Chunker, data: Uint8Array, step: number): number[] {
  const lengths: number[] = [];
  for (let at = 0, seen = 0; at < data.length; ) {
    seen = Math.min(Math.max(seen, at + 1), data.length);
    const length = chunker.cut(data.subarray(at, seen), seen === data.length);
    if (length > 0) {
      lengths.push(length);
      at += length;
    } else {
      assert.ok(seen < data.length, 'cut asked for more at the end of the stream');
      seen = Math.min(seen + step, data.length);
    }
  }
  return lengths;
}
