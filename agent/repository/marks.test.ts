import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flippedBits, truncations } from './damage-cases.ts';
import { markKey } from './layout.ts';
import { decodeMark, encodeMark, type Mark } from './mark.ts';
import { loadMarks } from './marks.ts';
import { refusal } from './refusal.ts';
import {
  codes,
  domain,
  host,
  knownWriters,
  otherDomain,
  repository,
  sha256,
  stranger,
  unavailable,
} from './remembered-target.fixture.ts';

const packs = ['aa'.repeat(32), 'bb'.repeat(32)];

function markOf(over: Partial<Mark> = {}, by = host) {
  const created = '2026-11-20T01:02:03.004Z';
  return encodeMark({ repository, writer: by.writer, target: 'nas', domain, created, packs, ...over }, by.signer);
}

test('a mark cut or changed anywhere is refused, also under the name that it has then', () => {
  const { key, bytes } = markOf();
  const read = (body: Uint8Array, under = key) =>
    decodeMark(body, { key: under, publicKeyOf: () => host.signer.publicKey, repository });
  assert.deepEqual(read(bytes).packs, packs);
  for (const { what, bytes: damaged } of [...truncations(bytes), ...flippedBits(bytes)]) {
    assert.throws(() => read(damaged), refusal('OBJECT_DAMAGED', 'FORMAT_NEWER'), what);
    const renamed = markKey(domain, sha256(damaged));
    assert.throws(
      () => read(damaged, renamed),
      refusal('OBJECT_DAMAGED', 'SIGNATURE_INVALID', 'FORMAT_NEWER'),
      `${what}, renamed`,
    );
  }
});

test('marks of a domain, or of all; a mark without packs is one', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const [here, there] = [markOf({ packs: [] }), markOf({ domain: otherDomain })];
  for (const { key, bytes } of [here, there]) nas.objects.set(key, bytes);
  const keys = async (of?: string) => (await loadMarks(nas, writers, of)).marks.map(({ key }) => key);
  assert.deepEqual(await keys(domain), [here.key]);
  assert.deepEqual(await keys(otherDomain), [there.key]);
  assert.deepEqual(await keys(), [here.key, there.key]);
  const { marks } = await loadMarks(nas, writers, domain);
  assert.deepEqual([marks[0]?.name, marks[0]?.mark.packs], [here.key.slice(-64), []]);
});

/** What binds nobody on the target `nas`, and whether it is told. `named`: under the name of its hash, which all but one have. */
const UNBELIEVED: readonly [what: string, made: { key: string; bytes: Uint8Array }, code: string | undefined][] = [
  ['one that was copied from another target', markOf({ target: 'disk' }), undefined],
  ['one of a stranger', markOf({}, stranger), 'OBJECT_DAMAGED'],
  ['one that a stranger signed as the host', markOf({ writer: host.writer }, stranger), 'SIGNATURE_INVALID'],
  ['one of another domain', named(markOf({ domain: otherDomain }).bytes), 'OBJECT_DAMAGED'],
  ['one of another repository', markOf({ repository: '77'.repeat(16) }), 'OBJECT_DAMAGED'],
  ['one of a version to come', named(markOf().bytes.with(5, 2)), 'FORMAT_NEWER'],
  ['half of one', named(markOf().bytes.subarray(0, 120)), 'OBJECT_DAMAGED'],
  ['nothing', named(new Uint8Array()), 'OBJECT_DAMAGED'],
  ['under the name of another', { ...markOf(), key: markKey(domain, 'ff'.repeat(32)) }, 'OBJECT_DAMAGED'],
  ['under no name', { ...markOf(), key: `marks/${domain}/mark` }, undefined],
];

function named(bytes: Uint8Array) {
  return { key: markKey(domain, sha256(bytes)), bytes };
}

for (const [what, { key, bytes }, code] of UNBELIEVED)
  test(`binds nobody: ${what}`, async () => {
    const { targets, writers } = await knownWriters('nas');
    const [nas = assert.fail()] = targets;
    const good = markOf({ packs: packs.slice(1) });
    nas.objects.set(key, bytes).set(good.key, good.bytes);
    const { marks, problems } = await loadMarks(nas, writers, domain);
    assert.deepEqual(codes(problems), code === undefined ? [] : [[key, code]]);
    assert.deepEqual(
      marks.map((one) => one.key),
      [good.key],
      'and the others still do',
    );
  });

test('one that is gone when it is read was carried out; a target that is away is a failure, and not an empty list', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const { key, bytes } = markOf();
  nas.objects.set(key, bytes);
  nas.before = (call) => void (call === 'get' && nas.objects.delete(key));
  assert.deepEqual(await loadMarks(nas, writers, domain), { marks: [], problems: [] });
  nas.objects.set(key, bytes);
  for (const failing of ['get', 'list'] as const) {
    nas.before = (call) => void (call === failing && unavailable());
    await assert.rejects(loadMarks(nas, writers, domain), refusal('TARGET_UNAVAILABLE'));
  }
});
