import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { failureOf } from '../../../agent/contract/index.ts';
import { CopyJudge } from '../../../agent/recovery/copy-judgement.ts';
import { isVoid } from '../../../agent/repository/snapshot-void.ts';
import { Store } from '../../../agent/repository/store.ts';
import { memoryTarget, readRepository, writersOf } from '../../vectors/repository/reading.fixture.ts';
import type { RepositoryVector } from '../../vectors/repository/vector.ts';
import { kindOf } from '../object-regions.ts';
import { SEED, shareOf } from '../sweep/share.ts';
import { Tally } from '../sweep/tally.ts';

/** Of each byte one bit: reading everything under each of 38,000 takes ten minutes. */
const USUAL = 1 / 8;

const vectors: readonly RepositoryVector[] = JSON.parse(
  readFileSync(new URL('../../vectors/repository/repositories.json', import.meta.url), 'utf8'),
).vectors;
const bytesOf = ({ objects }: RepositoryVector, key: string) => Buffer.from(objects[key] ?? '', 'hex');
const named = (name: string) => vectors.find((vector) => vector.name === name) ?? assert.fail(name);

/** One of each kind of object, and a removal; everything in it is small. */
const small = named('a snapshot that is wanted no more');
/** And a void. */
const voided = named('a chain that goes over a void');
const examined = [
  ...Object.keys(small.objects).map((key) => ({ vector: small, key })),
  ...Object.keys(voided.objects)
    .filter((key) => key.startsWith('snapshots/') && isVoid(bytesOf(voided, key)))
    .map((key) => ({ vector: voided, key })),
];
/** With two packs, indexes, snapshots and epochs. */
const twofold = named('frames in packs of two epochs');

function withObject(vector: RepositoryVector, key: string, bytes: Uint8Array | undefined): RepositoryVector {
  const { [key]: _, ...others } = vector.objects;
  return {
    ...vector,
    objects: bytes === undefined ? others : { ...others, [key]: Buffer.from(bytes).toString('hex') },
  };
}

function flipped(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** Of the time in a marker nothing depends, and nothing vouches for it (FORMAT.md, 7). */
const isHarmless = (key: string) => kindOf(key) === 'marker';

/** Everything that can be read comes out as it went in, or nothing does and a failure says why. Gives that failure. */
async function readsRightOrNot(vector: RepositoryVector, tally: Tally, what: string): Promise<string | undefined> {
  try {
    const { holds } = await readRepository(vector);
    const same = JSON.stringify(holds) === JSON.stringify(vector.holds);
    if (!same) tally.wrongBytes++;
    await tally.hold(what, () => assert.ok(same, 'other bytes came out'));
    return undefined;
  } catch (error) {
    const { code, origin } = failureOf(error, { code: 'UNNAMED', origin: 'agent' });
    await tally.hold(what, () => assert.ok(code !== 'UNNAMED' && origin !== 'agent', String(error)));
    return code;
  }
}

function close(tally: Tally, say: (line: string) => void): void {
  tally.cases = Math.max(tally.cases, tally.faults);
  for (const line of tally.close()) say(line);
  assert.deepEqual(tally.breaches.slice(0, 20), []);
  assert.deepEqual([tally.snapshotsLost, tally.wrongBytes], [0, 0]);
}

test('every bit of every object, flipped: what looks at the object finds it', async (t) => {
  const tally = new Tally('every bit of a small repository, looked at');
  const writers = await writersOf(small);
  for (const { vector, key } of examined) {
    const [whole, kind] = [bytesOf(vector, key), kindOf(key)];
    const judge = new CopyJudge(writers, new Set());
    const states = new Map<string, number>();
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const target = memoryTarget(withObject(vector, key, flipped(whole, bit)));
      const { state } = await judge.look(new Store([{ name: 'memory', target }]), key);
      tally.fault(`${kind}: a bit flipped`);
      states.set(state, (states.get(state) ?? 0) + 1);
      await tally.hold(`${key}, bit ${bit}`, () =>
        assert.ok(state === 'damaged' || state === 'unjudged' || (state === 'whole' && isHarmless(key)), state),
      );
    }
    t.diagnostic(`${kind}: ${[...states].map(([state, count]) => `${count} ${state}`).join(', ')}`);
  }
  close(tally, (line) => t.diagnostic(line));
});

test('every byte of every object, a bit flipped: what is read is right, or is not read', async (t) => {
  const tally = new Tally('every byte of a small repository, read');
  const bits = examined.flatMap(({ vector, key }) =>
    Array.from({ length: bytesOf(vector, key).length * 8 }, (_, bit) => ({ vector, key, bit })),
  );
  tally.cases = bits.length;
  for (const { vector, key, bit } of shareOf(bits, USUAL, (one) => one.key)) {
    const code = await readsRightOrNot(
      withObject(vector, key, flipped(bytesOf(vector, key), bit)),
      tally,
      `${key}, bit ${bit}`,
    );
    tally.fault(`${kindOf(key)}: a bit flipped, and ${code === undefined ? 'all else is read' : 'nothing is read'}`);
  }
  t.diagnostic(`seed ${SEED}`);
  close(tally, (line) => t.diagnostic(line));
});

test('every object cut short at every length, or gone', async (t) => {
  const tally = new Tally('every object cut short, or gone');
  const writers = await writersOf(small);
  const judge = new CopyJudge(writers, new Set());
  for (const { vector, key } of examined) {
    const whole = bytesOf(vector, key);
    for (let length = 0; length < whole.length; length++) {
      tally.fault(`${kindOf(key)}: cut short`);
      const cut = withObject(vector, key, whole.subarray(0, length));
      const { state } = await judge.look(new Store([{ name: 'memory', target: memoryTarget(cut) }]), key);
      await tally.hold(`${key}, ${length} bytes`, () => assert.equal(state, 'damaged'));
      // Each length of what is looked at alone; a tenth of them in its place.
      if (length % 10 === 0) await readsRightOrNot(cut, tally, `${key}, ${length} bytes`);
    }
    tally.fault(`${kindOf(key)}: gone`);
    await readsRightOrNot(withObject(vector, key, undefined), tally, `${key} is gone`);
  }
  close(tally, (line) => t.diagnostic(line));
});

test('every object in the place of every other', async (t) => {
  const tally = new Tally('every object in the place of every other');
  const writers = await writersOf(twofold);
  const judge = new CopyJudge(writers, new Set());
  const keys = Object.keys(twofold.objects);
  for (const key of keys) {
    for (const from of keys) {
      if (from === key) continue;
      tally.fault(`${kindOf(key)}: another object in its place`);
      const replaced = withObject(twofold, key, bytesOf(twofold, from));
      const store = new Store([{ name: 'memory', target: memoryTarget(replaced) }]);
      const { state } = await judge.look(store, key);
      await tally.hold(`${from} as ${key}`, () => assert.equal(state, 'damaged'));
      await readsRightOrNot(replaced, tally, `${from} as ${key}`);
      const swapped = withObject(replaced, from, bytesOf(twofold, key));
      if (from > key) await readsRightOrNot(swapped, tally, `${from} and ${key}, swapped`);
    }
  }
  close(tally, (line) => t.diagnostic(line));
});
