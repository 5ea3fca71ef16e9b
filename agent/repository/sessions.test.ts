import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flippedBits, truncations } from './damage-cases.ts';
import { type HostKeys, newHostKeys } from './keys/host-keys.ts';
import { parseSessionKey, sessionKey, snapshotKey } from './layout.ts';
import { encodeMark } from './mark.ts';
import { refusal } from './refusal.ts';
import {
  codes,
  domain,
  host,
  knownWriters,
  otherDomain,
  type RememberedTarget,
  repository,
  stranger,
  unavailable,
} from './remembered-target.fixture.ts';
import { decodeSession, encodeSession, type Session } from './session.ts';
import { beginSession, loadSessions } from './sessions.ts';
import { Store } from './store.ts';

const created = '2026-11-20T01:02:03.004Z';
const [oldPack, newPack] = ['aa'.repeat(32), 'bb'.repeat(32)] as const;

function sessionOf(over: Partial<Session> = {}, by: HostKeys = host) {
  const { writer } = by;
  const snapshot = snapshotKey(writer, 'job', 7);
  return encodeSession(
    { id: '44'.repeat(16), repository, writer, domain, snapshot, seen: [], created, ...over },
    by.signer,
  );
}

function markOf(packs: readonly string[], target: string, over = {}, by = host) {
  return encodeMark({ repository, writer: by.writer, target, domain, created, packs, ...over }, by.signer);
}

function hold({ objects }: RememberedTarget, { key, bytes }: { key: string; bytes: Uint8Array }): string {
  objects.set(key, bytes);
  return key;
}

const beginning = { host, domain, snapshot: snapshotKey(host.writer, 'job', 7), now: new Date(created) };

test('a session cut or changed anywhere, or read by another key, is refused', () => {
  const { key, bytes } = sessionOf({ seen: [oldPack] });
  const read = (body: Uint8Array, publicKey = host.signer.publicKey) =>
    decodeSession(body, { key, publicKey, repository });
  assert.deepEqual(read(bytes).seen, [oldPack]);
  for (const { what, bytes: damaged } of [...truncations(bytes), ...flippedBits(bytes)])
    assert.throws(() => read(damaged), refusal('OBJECT_DAMAGED', 'SIGNATURE_INVALID', 'FORMAT_NEWER'), what);
  assert.throws(() => read(bytes, stranger.signer.publicKey), refusal('SIGNATURE_INVALID'));
});

test('a session is open as long as nothing lies where its snapshot is to lie, whatever that is', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const key = hold(nas, sessionOf());
  const look = async () => (await loadSessions(nas, writers)).sessions.map((one) => [one.key, one.open]);
  assert.deepEqual(await look(), [[key, true]]);
  // The one before it and the one after it end nothing, nor does the same of another job.
  for (const [job, sequence] of [
    ['job', 6],
    ['job', 8],
    ['jobs', 7],
  ] as const)
    nas.objects.set(snapshotKey(host.writer, job, sequence), Buffer.from('other'));
  assert.deepEqual(await look(), [[key, true]]);
  nas.objects.set(snapshotKey(host.writer, 'job', 7), Buffer.from('a void, or what is left of a snapshot'));
  assert.deepEqual(await look(), [[key, false]]);
});

test('sessions of one domain, or of all', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const here = hold(nas, sessionOf());
  const there = hold(nas, sessionOf({ id: '55'.repeat(16), domain: otherDomain }));
  const keys = async (of?: string) => (await loadSessions(nas, writers, of)).sessions.map(({ key }) => key);
  assert.deepEqual(await keys(domain), [here]);
  assert.deepEqual(await keys(otherDomain), [there]);
  assert.deepEqual(await keys(), [here, there]);
  assert.deepEqual(await keys('66'.repeat(16)), []);
});

/** What lies under the key of a session of the host, and what is said of it: a problem stops whoever prunes. */
const UNDER_ITS_KEY: readonly [what: string, object: (honest: Uint8Array) => Uint8Array, code: string][] = [
  ['half of it', (honest) => honest.subarray(0, honest.length >> 1), 'OBJECT_DAMAGED'],
  ['nothing', () => new Uint8Array(), 'OBJECT_DAMAGED'],
  ['one of a version to come', (honest) => honest.with(5, 2), 'FORMAT_NEWER'],
  ['a record that is none', (honest) => honest.with(8, 0xff), 'OBJECT_DAMAGED'],
  ['a record with a bit flipped in a name', (honest) => honest.with(9, (honest[9] ?? 0) ^ 0x80), 'OBJECT_DAMAGED'],
  ['a mark', () => markOf([oldPack], 'nas').bytes, 'OBJECT_DAMAGED'],
  ['another session of its writer', () => sessionOf({ id: '55'.repeat(16) }).bytes, 'OBJECT_DAMAGED'],
  ['a session of another writer', () => sessionOf({}, stranger).bytes, 'SIGNATURE_INVALID'],
  ['one that somebody else signed', () => sessionOf({ writer: host.writer }, stranger).bytes, 'SIGNATURE_INVALID'],
  ['one of another repository', () => sessionOf({ repository: '77'.repeat(16) }).bytes, 'OBJECT_DAMAGED'],
  ['one that is to end with no snapshot', () => sessionOf({ snapshot: 'snapshots/one' }).bytes, 'OBJECT_DAMAGED'],
];
for (const [what, object, code] of UNDER_ITS_KEY)
  test(`under the key of a session: ${what}`, async () => {
    const { targets, writers } = await knownWriters('nas');
    const [nas = assert.fail()] = targets;
    const { bytes } = sessionOf();
    const key = sessionKey(host.writer, '44'.repeat(16));
    nas.objects.set(key, object(bytes));
    const good = hold(nas, sessionOf({ id: '99'.repeat(16) }));
    // Of whichever domain it is asked: what cannot be read may be of that one.
    for (const of of [undefined, domain]) {
      const { sessions, problems } = await loadSessions(nas, writers, of);
      assert.deepEqual(codes(problems), [[key, code]]);
      assert.equal(problems[0]?.target, 'nas');
      assert.ok(problems[0]?.failure.message.includes(key), problems[0]?.failure.message);
      assert.deepEqual(
        sessions.map((one) => one.key),
        [good],
        'the others are still seen',
      );
    }
  });

test('what nobody vouches for keeps nobody from pruning: strangers, whole or damaged, and what is no key', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  hold(nas, sessionOf({}, stranger));
  for (const key of [
    sessionKey(stranger.writer, '99'.repeat(16)),
    sessionKey(newHostKeys(repository).writer, '99'.repeat(16)),
    `sessions/${host.writer}/short`,
    `sessions/${host.writer}/${'44'.repeat(16)}/below`,
  ])
    nas.objects.set(key, Buffer.from('garbage'));
  assert.deepEqual(await loadSessions(nas, writers), { sessions: [], problems: [] });
});

test('one that is gone when it is read had ended; a target that is away is a failure, and not an empty list', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const key = hold(nas, sessionOf());
  nas.before = (call, of) => void (call === 'get' && of === key && nas.objects.delete(key));
  assert.deepEqual(await loadSessions(nas, writers), { sessions: [], problems: [] });
  hold(nas, sessionOf());
  for (const failing of ['get', 'list'] as const) {
    nas.before = (call, of) => void (call === failing && of.startsWith('sessions/') && unavailable());
    await assert.rejects(loadSessions(nas, writers), refusal('TARGET_UNAVAILABLE'));
  }
  // When what ends them cannot be listed, none is taken for open or ended.
  nas.before = (call, of) => void (call === 'list' && of === 'snapshots/' && unavailable());
  await assert.rejects(loadSessions(nas, writers), refusal('TARGET_UNAVAILABLE'));
});

test('who begins names the marks of all targets in order, on each of them, and counts on nothing that they name', async () => {
  const { targets, writers } = await knownWriters('disk', 'nas');
  const [disk = assert.fail(), nas = assert.fail()] = targets;
  const marks = [markOf([oldPack], 'disk'), markOf([newPack], 'nas'), markOf([newPack], 'disk')];
  for (const [i, mark] of marks.entries()) hold(i === 1 ? nas : disk, mark);
  // Neither binds anybody: of a stranger, of another domain, and of another target than where it lies.
  hold(nas, markOf(['cc'.repeat(32)], 'nas', {}, stranger));
  hold(nas, markOf(['dd'.repeat(32)], 'nas', { domain: otherDomain }));
  hold(nas, markOf(['ee'.repeat(32)], 'disk'));
  const { marked, problems } = await beginSession(new Store(targets), { ...beginning, writers });
  assert.deepEqual([...marked].sort(), [oldPack, newPack]);
  assert.deepEqual(
    problems.map(({ failure }) => failure.code),
    ['OBJECT_DAMAGED'],
    'that of the stranger is told',
  );
  const found = await Promise.all(targets.map((target) => loadSessions(target, writers, domain)));
  assert.equal(found.length, 2);
  for (const { sessions } of found)
    assert.deepEqual(sessions[0]?.session.seen, marks.map(({ key }) => key.slice(-64)).sort());
  assert.deepEqual(found[0]?.sessions, found[1]?.sessions);
});

test('a mark that comes while a session is put is not said to be seen, and is heeded all the same', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  const early = hold(nas, markOf([oldPack], 'nas'));
  nas.before = (call, key) => void (call === 'put' && parseSessionKey(key) && hold(nas, markOf([newPack], 'nas')));
  const { marked } = await beginSession(new Store(targets), { ...beginning, writers });
  assert.deepEqual([...marked].sort(), [oldPack, newPack]);
  const { sessions } = await loadSessions(nas, writers);
  // So whoever prunes waits for it, since it does not name that mark.
  assert.deepEqual(sessions[0]?.session.seen, [early.slice(-64)]);
});

test('who cannot say it on every target, or cannot read the marks again, has not begun', async () => {
  for (const [failing, nth] of [
    ['list', 1],
    ['put', 1],
    ['list', 2],
  ] as const) {
    const { targets, writers } = await knownWriters('disk', 'nas');
    const [, nas = assert.fail()] = targets;
    let count = 0;
    nas.before = (call, key) =>
      void (call === failing && /^(marks|sessions)/.test(key) && ++count === nth && unavailable());
    await assert.rejects(
      beginSession(new Store(targets), { ...beginning, writers }),
      refusal('TARGET_UNAVAILABLE'),
      `${failing} ${nth}`,
    );
  }
});

test('two sessions of a writer lie beside each other', async () => {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  for (let i = 0; i < 2; i++) await beginSession(new Store(targets), { ...beginning, writers });
  assert.equal((await loadSessions(nas, writers)).sessions.length, 2);
});
