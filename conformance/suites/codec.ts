import assert from 'node:assert/strict';
import type { CodecPlugin, Json } from 'holdfast/plugin';
import { describedCheck } from '../kit/described.ts';
import { expectFailure } from '../kit/expect.ts';
import { noise, prose, sha256 } from '../kit/samples.ts';
import type { ConformanceCheck, Suite } from '../kit/suite.ts';

/** What the author of a codec supplies. */
export interface CodecHarness {
  readonly plugin: CodecPlugin;
  /** Complete, valid options: defaults are not filled in. Run the suite once for each setting that matters. */
  readonly options: Json;
  /** False only for a codec that stores bytes as they are, where every input is a good one. */
  readonly detectsDamage: boolean;
}

/** The obligations of `Codec`. */
export const codecSuite: Suite<CodecHarness> = {
  name: 'codec',
  checks: [
    describedCheck,
    {
      name: 'has an id of its own',
      holds: 'The id stands in every frame: a whole number from 0 to 254.',
      async run({ plugin }) {
        assert.ok(Number.isInteger(plugin.id) && plugin.id >= 0 && plugin.id <= 254, `the id is ${plugin.id}`);
        return undefined;
      },
    },
    {
      name: 'round trip',
      holds: 'decode(encode(x), x.length) is x, for empty, short, repetitive, ordinary and incompressible frames.',
      async run(harness) {
        const codec = open(harness);
        for (const { name, frame } of frames())
          assertSame(codec.decode(codec.encode(frame), frame.length), frame, name);
        return undefined;
      },
    },
    {
      name: 'deterministic',
      holds: 'The same frame encodes to the same bytes, in this instance and in another.',
      async run(harness) {
        const [first, second] = [open(harness), open(harness)];
        for (const { name, frame } of frames()) {
          const digest = sha256(first.encode(frame));
          assert.equal(sha256(first.encode(frame)), digest, `${name}, again`);
          assert.equal(sha256(second.encode(frame)), digest, `${name}, by another instance`);
        }
        return undefined;
      },
    },
    {
      name: 'leaves its input alone',
      holds: 'Neither encode nor decode changes the bytes it is given.',
      async run(harness) {
        const codec = open(harness);
        const frame = prose(1, 50_000);
        const before = sha256(frame);
        const encoded = codec.encode(frame);
        const encodedBefore = sha256(encoded);
        codec.decode(encoded, frame.length);
        assert.equal(sha256(frame), before, 'encode changed its input');
        assert.equal(sha256(encoded), encodedBefore, 'decode changed its input');
        return undefined;
      },
    },
    {
      name: 'gives its result away',
      holds:
        'What encode and decode return is its caller’s: when that gave the memory back, the codec goes on as before.',
      async run(harness) {
        const codec = open(harness);
        for (const time of ['at first', 'after it', 'and again']) {
          const encoded = codec.encode(prose(6, 1_200_000));
          const decoded = codec.decode(encoded, 1_200_000);
          assertSame(decoded, prose(6, 1_200_000), time);
          for (const { buffer } of [encoded, decoded])
            if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
        }
        return undefined;
      },
    },
    {
      name: 'produces no more than it may',
      holds: 'decode fails with CODEC_LIMIT rather than produce more than max bytes: a bomb must not fill the memory.',
      async run(harness) {
        const codec = open(harness);
        const bomb = codec.encode(new Uint8Array(2 ** 24));
        await expectFailure('16 MiB where 1 KiB was allowed', () => codec.decode(bomb, 1024), limit);
        for (const { name, frame } of frames()) {
          if (frame.length === 0) continue;
          const encoded = codec.encode(frame);
          await expectFailure(`${name}, one byte too many`, () => codec.decode(encoded, frame.length - 1), limit);
          await expectFailure(`${name}, nothing allowed`, () => codec.decode(encoded, 0), limit);
        }
        return undefined;
      },
    },
    {
      name: 'says when its input is damaged',
      holds: 'decode of bytes that are cut short, lengthened or not its own fails with CODEC_DAMAGED.',
      async run(harness) {
        if (!harness.detectsDamage) return { exempt: 'every input is a good one' };
        const codec = open(harness);
        const frame = prose(2, 100_000);
        const encoded = codec.encode(frame);
        const cuts = [0, 1, 2, 3, 4, 8, encoded.length >> 1, encoded.length - 4, encoded.length - 1];
        for (const cut of cuts) await damaged(`cut to ${cut} bytes`, encoded.subarray(0, cut));
        await damaged('followed by a byte', Buffer.concat([encoded, Uint8Array.of(0)]));
        await damaged('followed by noise', Buffer.concat([encoded, noise(3, 100)]));
        await damaged('noise', noise(4, 1000));
        await damaged('zeros', new Uint8Array(1000));
        return undefined;

        function damaged(what: string, bytes: Uint8Array) {
          return expectFailure(what, () => codec.decode(bytes, frame.length), { codes: ['CODEC_DAMAGED'] });
        }
      },
    },
    {
      name: 'stands any input',
      holds: 'Whatever bits are flipped, decode returns at most max bytes or fails with CODEC_DAMAGED or CODEC_LIMIT.',
      async run(harness) {
        const codec = open(harness);
        const frame = prose(5, 20_000);
        const encoded = Uint8Array.from(codec.encode(frame));
        for (let n = 0; n < Math.min(400, encoded.length * 8); n++) {
          // The first bytes say how the rest is read, so every bit of them has its turn.
          const bit = n < 200 ? n : (n * 7919) % (encoded.length * 8);
          flip(encoded, bit);
          await survives(`bit ${bit} flipped`, () => codec.decode(encoded, frame.length), frame.length);
          flip(encoded, bit);
        }
        return undefined;
      },
    },
  ] satisfies readonly ConformanceCheck<CodecHarness>[],
};

const limit = { codes: ['CODEC_LIMIT'] } as const;

function open({ plugin, options }: CodecHarness) {
  return plugin.create(options);
}

function frames(): readonly { readonly name: string; readonly frame: Uint8Array }[] {
  return [
    { name: 'an empty frame', frame: new Uint8Array(0) },
    { name: 'one byte', frame: Uint8Array.of(7) },
    { name: 'zeros', frame: new Uint8Array(300_000) },
    { name: 'prose', frame: prose(1, 1_000_003) },
    { name: 'noise', frame: noise(1, 1_000_003) },
    { name: 'a view into a larger buffer', frame: noise(2, 5000).subarray(17, 4000) },
  ];
}

function assertSame(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.ok(Buffer.compare(actual, expected) === 0, `${what}: came back as other bytes`);
}

function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

async function survives(what: string, decode: () => Uint8Array, max: number): Promise<void> {
  let decoded: Uint8Array;
  try {
    decoded = decode();
  } catch (thrown) {
    await expectFailure(what, () => Promise.reject(thrown), { codes: ['CODEC_DAMAGED', 'CODEC_LIMIT'] });
    return;
  }
  assert.ok(decoded.length <= max, `${what}: ${decoded.length} bytes where ${max} were allowed`);
}
