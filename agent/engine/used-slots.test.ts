import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Failure } from '../contract/index.ts';
import { ChunkIndex } from '../repository/chunk-index.ts';
import { PackList } from '../repository/pack-list.ts';
import { noise } from './repository.fixture.ts';
import { referencesTo, UsedSlots } from './used-slots.ts';

test('it holds exactly the slots that were added, ascending', () => {
  const slots = fc.array(fc.oneof(fc.nat(200), fc.nat(1 << 20), fc.constantFrom(31, 32, 63, 131_071, 131_072)));
  fc.assert(
    fc.property(slots, (added) => {
      const used = new UsedSlots();
      for (const slot of added) used.add(slot);
      assert.deepEqual(
        [...used],
        [...new Set(added)].sort((a, b) => a - b),
      );
    }),
  );
});

/** One pack of two births: frames 0 and 1 of the first, ordinal 7 of the second. */
function packed() {
  const birth = (n: number) => ({
    salt: noise(n, 32),
    epoch: noise(n, 16),
    enc: noise(n, 32),
    sealedKey: noise(n, 48),
    commitment: noise(n, 32),
  });
  const frame = (birth: number, ordinal: number, firstChunk: number) => ({
    offset: 8,
    sealedLength: 100,
    plainLength: 10,
    birth,
    ordinal,
    codec: 0,
    firstChunk,
    chunkCount: 2,
  });
  const ids = noise(1, 6 * 32);
  const table = {
    births: [birth(1), birth(2)],
    frames: [frame(0, 0, 0), frame(0, 1, 2), frame(1, 7, 4)],
    ids,
    lengths: new Uint32Array(6).fill(5),
  };
  const index = ChunkIndex.create(0);
  const packs = new PackList();
  const number = index.nextPack();
  packs.set(number, { name: 'ab'.repeat(32), size: 1000, table });
  const slots = Array.from({ length: 6 }, (_, chunk) => {
    const { slot } = index.claim(ids, chunk * 32, number);
    index.place(slot, Math.floor(chunk / 2), (chunk % 2) * 5, 5);
    return slot;
  });
  return { index, packs, slots, table };
}

test('references name each frame once, by birth and ordinal, and no frame that is not used', () => {
  const { index, packs, slots, table } = packed();
  const used = new UsedSlots();
  for (const chunk of [0, 1, 3, 4]) used.add(slots[chunk] as number);
  const { births } = referencesTo(used, index, packs);
  const named = births.map(({ salt, ordinals }) => `${Buffer.from(salt).toString('hex')} ${ordinals.join()}`);
  const [first, second] = table.births.map(({ salt }) => Buffer.from(salt).toString('hex'));
  assert.deepEqual(named.sort(), [`${first} 0,1`, `${second} 7`].sort());
  assert.deepEqual(referencesTo(new UsedSlots(), index, packs), { births: [] });
});

test('a chunk that lies in no stored pack, or in no frame yet, makes no snapshot', () => {
  const { index, packs } = packed();
  for (const pack of [0, 99]) {
    const { slot } = index.claim(noise(50 + pack, 32), 0, pack);
    const used = new UsedSlots();
    used.add(slot);
    assert.throws(
      () => referencesTo(used, index, packs),
      ({ failure }: { failure: Failure }) => failure.code === 'CLAIM_LOST',
    );
  }
});
