import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flippedBits, truncations } from './damage-cases.ts';
import { LAST_SEQUENCE, removalKey, snapshotKey } from './layout.ts';
import { refusal } from './refusal.ts';
import {
  codes,
  host,
  knownWriters,
  type RememberedTarget,
  repository,
  sha256,
  stranger,
  unavailable,
} from './remembered-target.fixture.ts';
import { decodeRemoval, encodeRemoval, type Removal, type RemovedSnapshot } from './removal.ts';
import { nextRemoval, Removals } from './removals.ts';
import { Store } from './store.ts';

const since = '2026-11-20T01:02:03.004Z';
const [first, second] = [1, 2].map((n): RemovedSnapshot => {
  return { key: snapshotKey(host.writer, 'job', n), hash: `${n}${n}`.repeat(32), since };
}) as [RemovedSnapshot, RemovedSnapshot];

function removalOf(sequence: number, removed: readonly RemovedSnapshot[], over: Partial<Removal> = {}, by = host) {
  const said = { repository, writer: by.writer, target: 'nas', sequence, created: since, removed };
  return encodeRemoval({ ...said, ...over }, by.signer);
}

function named(sequence: number, bytes: Uint8Array) {
  return { key: removalKey({ writer: host.writer, sequence, name: sha256(bytes) }), bytes };
}

function hold({ objects }: RememberedTarget, ...records: readonly { key: string; bytes: Uint8Array }[]): void {
  for (const { key, bytes } of records) objects.set(key, bytes);
}

/** What the target `nas` says, with these records on it. */
async function saidBy(...records: readonly { key: string; bytes: Uint8Array }[]): Promise<Removals> {
  const { targets, writers } = await knownWriters('nas');
  hold(targets[0] ?? assert.fail(), ...records);
  return Removals.load(new Store(targets), writers);
}

const wanted = (removals: Removals, { key, hash }: RemovedSnapshot, on = 'nas') =>
  removals.find(on, key, hash) === undefined;

test('a record cut or changed anywhere is refused, also under the name that it has then', () => {
  const { key, bytes } = removalOf(1, [first, second]);
  const read = (body: Uint8Array, under = key) =>
    decodeRemoval(body, { key: under, publicKey: host.signer.publicKey, repository });
  assert.deepEqual(read(bytes).removed, [first, second]);
  for (const { what, bytes: damaged } of [...truncations(bytes), ...flippedBits(bytes)]) {
    assert.throws(() => read(damaged), refusal('OBJECT_DAMAGED', 'FORMAT_NEWER'), what);
    assert.throws(
      () => read(damaged, named(1, damaged).key),
      refusal('OBJECT_DAMAGED', 'SIGNATURE_INVALID', 'FORMAT_NEWER'),
      `${what}, renamed`,
    );
  }
});

test('of a writer the newest record counts alone', async () => {
  const removals = await saidBy(removalOf(1, [first]), removalOf(2, [second]));
  assert.deepEqual([wanted(removals, first), wanted(removals, second)], [true, false]);
  assert.deepEqual(removals.by(host.writer, 'nas'), [second]);
  assert.deepEqual(removals.whoRemoved('nas', second.key), [host.writer]);
  assert.deepEqual(removals.whoRemoved('nas', first.key), []);
  assert.equal(removals.knows(second.key, second.hash), true);
  assert.deepEqual(removals.problems, []);
});

test('a record that takes everything back leaves nothing removed', async () => {
  const removals = await saidBy(removalOf(1, [first, second]), removalOf(2, []));
  assert.deepEqual([wanted(removals, first), wanted(removals, second)], [true, true]);
});

test('sequences are compared as numbers, and the last of all counts', async () => {
  const removals = await saidBy(removalOf(LAST_SEQUENCE, [second]), removalOf(9, [first]), removalOf(10, [first]));
  assert.deepEqual([wanted(removals, first), wanted(removals, second)], [true, false]);
});

test('of another snapshot that comes to lie under the key nothing was said', async () => {
  const removals = await saidBy(removalOf(1, [first]));
  const other = { ...first, hash: 'ee'.repeat(32) };
  assert.equal(wanted(removals, other), true);
  assert.equal(removals.knows(other.key, other.hash), false);
  assert.equal(removals.knows(first.key, first.hash), true);
  assert.deepEqual(removals.find('nas', first.key, undefined), first, 'whatever lies there, when that is not known');
});

/** Newer than the record that removes the first snapshot, and not believed: so that one still counts. */
const UNBELIEVED: readonly [what: string, made: { key: string; bytes: Uint8Array }, code: string | undefined][] = [
  ['half of one', named(2, removalOf(2, []).bytes.subarray(0, 150)), 'OBJECT_DAMAGED'],
  ['nothing', named(2, new Uint8Array()), 'OBJECT_DAMAGED'],
  ['one of a version to come', named(2, removalOf(2, []).bytes.with(5, 2)), 'FORMAT_NEWER'],
  ['the one before, moved', named(2, removalOf(1, [first]).bytes), 'OBJECT_DAMAGED'],
  ['one of another repository', named(2, removalOf(2, [], { repository: '77'.repeat(16) }).bytes), 'OBJECT_DAMAGED'],
  ['one that a stranger signed', removalOf(2, [], { writer: host.writer }, stranger), 'SIGNATURE_INVALID'],
  ['one under the key of the host by a stranger', named(2, removalOf(2, [], {}, stranger).bytes), 'SIGNATURE_INVALID'],
  ['one that removes what is no snapshot', removalOf(2, [{ ...first, key: 'packs/one' }]), 'OBJECT_DAMAGED'],
  ['under another name', { ...removalOf(2, []), key: named(2, new Uint8Array(9)).key }, 'OBJECT_DAMAGED'],
  ['one that was copied from another target', removalOf(2, [second], { target: 'disk' }), undefined],
  ['one of a stranger', removalOf(2, [], {}, stranger), undefined],
  ['under no name', { ...removalOf(2, []), key: `removals/${host.writer}/2` }, undefined],
];
for (const [what, made, code] of UNBELIEVED)
  test(`the record before it counts: ${what}`, async () => {
    const removals = await saidBy(removalOf(1, [first]), made);
    assert.deepEqual([wanted(removals, first), wanted(removals, second)], [false, true]);
    assert.deepEqual(codes(removals.problems), code === undefined ? [] : [[made.key, code]]);
  });

test('what is not believed removes nothing where it stands alone', async () => {
  for (const made of [
    removalOf(1, [first], { writer: host.writer }, stranger),
    removalOf(1, [first], {}, stranger),
    removalOf(1, [first], { target: 'disk' }),
  ])
    assert.equal(wanted(await saidBy(made), first), true);
});

test('each target is asked by its own records, and a hole is explained by those of any', async () => {
  const { targets, writers } = await knownWriters('disk', 'nas');
  const [disk = assert.fail(), nas = assert.fail()] = targets;
  hold(nas, removalOf(1, [first]));
  hold(disk, removalOf(4, [second], { target: 'disk' }));
  // Copied with all the rest: it says nothing of where it was copied to, but that it was removed, and not lost.
  const copied: RemovedSnapshot = { ...first, key: snapshotKey(host.writer, 'job', 3), hash: '33'.repeat(32) };
  hold(disk, removalOf(5, [copied]));
  const removals = await Removals.load(new Store(targets), writers);
  assert.deepEqual([wanted(removals, first, 'nas'), wanted(removals, first, 'disk')], [false, true]);
  assert.deepEqual([wanted(removals, second, 'nas'), wanted(removals, second, 'disk')], [true, false]);
  assert.deepEqual([wanted(removals, copied, 'nas'), wanted(removals, copied, 'disk')], [true, true]);
  for (const one of [first, second, copied]) assert.equal(removals.knows(one.key, one.hash), true);
  assert.deepEqual(removals.by(host.writer, 'disk'), [second]);
  assert.deepEqual(removals.by(host.writer, 'elsewhere'), []);
  assert.equal(wanted(removals, first, 'elsewhere'), true);
});

test('a target that is away is a failure, and no target where all is wanted', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  hold(nas, removalOf(1, [first]));
  for (const failing of ['get', 'list'] as const) {
    nas.before = (call) => void (call === failing && unavailable());
    await assert.rejects(Removals.load(new Store(targets), writers), refusal('TARGET_UNAVAILABLE'));
  }
});

test('whoever plants what has the last number keeps nobody from forgetting', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  for (const number of [LAST_SEQUENCE - 1, LAST_SEQUENCE]) hold(nas, named(number, Buffer.from('garbage')));
  hold(nas, named(LAST_SEQUENCE, Buffer.from(removalOf(1, [first]).bytes).fill(2, 5, 6)));
  assert.equal(await nextRemoval(nas, host), 1, 'it signed none yet');
  hold(nas, removalOf(1, [first]));
  assert.equal(await nextRemoval(nas, host), 2);
  // It counts, with all that is planted above it.
  hold(nas, removalOf(2, [second]));
  assert.deepEqual((await Removals.load(new Store(targets), writers)).by(host.writer, 'nas'), [second]);
  nas.before = (call) => void (call === 'get' && unavailable());
  await assert.rejects(nextRemoval(nas, host), refusal('TARGET_UNAVAILABLE'));
});

test('where the host itself has come to the last number, it is said which object that is', async () => {
  const { targets } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const own = removalOf(LAST_SEQUENCE, [first]);
  hold(nas, own);
  await assert.rejects(nextRemoval(nas, host), (error: Error) => {
    assert.match(error.message, new RegExp(`target nas: ${own.key} `));
    return refusal('SEQUENCE_ENDED')(error);
  });
});

test('the next record comes above whatever lies there under a name, believed or not', async () => {
  const { targets } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const next = () => nextRemoval(nas, host);
  assert.equal(await next(), 1);
  hold(nas, removalOf(3, []), removalOf(12, []), removalOf(99, [], {}, stranger));
  assert.equal(await next(), 13);
  hold(nas, named(40, Buffer.from('garbage')));
  assert.equal(await next(), 41);
  nas.objects.set(`removals/${host.writer}/0000000099`, Buffer.from('under no name'));
  assert.equal(await next(), 41);
});
