import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf } from './chunk-reading.ts';
import { REF_BYTES } from './frame-source.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/** References to chunks of one length; `frameOf` says in which frame the nth lies. */
function stream(chunks: number, length: number, frameOf: (chunk: number) => number) {
  const refs = Buffer.alloc(chunks * REF_BYTES);
  for (let i = 0; i < chunks; i++) {
    refs.writeUInt32LE(i, i * REF_BYTES);
    refs.writeUInt32LE(length, i * REF_BYTES + 32);
  }
  const numberAt = (bytes: Uint8Array, at: number) => Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(at);
  const weightOf = (bytes: Uint8Array, at: number) => ({
    frame: `${frameOf(numberAt(bytes, at))}`,
    bytes: 1.5 * MiB,
    plain: MiB,
  });
  const parts = [...partsOf({ frames: { weightOf } as never }, refs)].map((part) =>
    Array.from({ length: part.length / REF_BYTES }, (_, i) => numberAt(part, i * REF_BYTES)),
  );
  assert.deepEqual(
    parts.flat(),
    Array.from({ length: chunks }, (_, i) => i),
  );
  return parts;
}

test('a stream is read in parts that share no frame, wherever in one it begins', () => {
  for (let begins = 0; begins < 16; begins++) {
    const frameOf = (chunk: number) => Math.floor((chunk + begins) / 16);
    const parts = stream(1000, 64 * KiB, frameOf);
    const opened = parts.flatMap((part) => [...new Set(part.map(frameOf))]);
    assert.equal(opened.length, new Set(opened).size, `beginning with chunk ${begins} of a frame`);
    for (const part of parts.slice(1, -1)) assert.equal(part.length, 64, 'four frames each');
  }
});

test('a part stays small however often a stream repeats what lies in one frame', () => {
  const parts = stream(1000, 64 * KiB, () => 7);
  for (const part of parts) assert.ok(part.length * 64 * KiB <= 5 * MiB, `${part.length} chunks`);
});
