import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DomainLock } from '../catalog/domain-lock.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { sessionKey, snapshotKey } from '../repository/layout.ts';
import type { StoredMark } from '../repository/marks.ts';
import { refusal } from '../repository/refusal.ts';
import {
  domain,
  host,
  knownWriters,
  otherDomain,
  repository,
  stranger,
} from '../repository/remembered-target.fixture.ts';
import { encodeSession } from '../repository/session.ts';
import type { PrunedPlace } from './place.ts';
import { readAtWork, waitingFor } from './waiting.ts';

const stateFolder = mkdtempSync(join(tmpdir(), 'holdfast-waiting-'));
after(() => rmSync(stateFolder, { recursive: true }));

const [early, late] = ['aa'.repeat(32), 'bb'.repeat(32)] as const;
/** Sessions of the host by their ids: of each, the marks that it has seen, and which snapshot it is to end with. */
const SESSIONS = { '1': [early], '2': [], '3': [early, late] } as const;
const idOf = (digit: string) => digit.repeat(32);

/** Whoever prunes as `by`: sessions of the host lie there, and the third of them has ended. */
async function place(by: HostKeys, name = 'db-1/default') {
  const { targets, writers } = await knownWriters('nas');
  const [nas = assert.fail()] = targets;
  for (const [digit, seen] of Object.entries(SESSIONS)) {
    const snapshot = snapshotKey(host.writer, 'job', Number(digit));
    const said = { id: idOf(digit), repository, writer: host.writer, domain, snapshot, seen };
    const { key, bytes } = encodeSession({ ...said, created: new Date(0).toISOString() }, host.signer);
    nas.objects.set(key, bytes);
  }
  nas.objects.set(snapshotKey(host.writer, 'job', 3), Buffer.from('what it ended with'));
  // Of a place, what is looked at here.
  const keys = domainKeys(domain, name, new Uint8Array(32));
  return { nas, place: { target: nas, writers, keys, host: by, stateFolder } as Partial<PrunedPlace> as PrunedPlace };
}

const ids = (sessions: readonly { session: { id: string } }[]) => sessions.map(({ session }) => session.id.charAt(0));
const mark = (name: string) => ({ name }) as Partial<StoredMark> as StoredMark;

test('sessions of this host are at work only while somebody holds the lock of their domain here', async () => {
  const { place: own } = await place(host);
  const idle = await readAtWork(own);
  assert.deepEqual([ids(idle.open), ids(idle.unfinished), ids(idle.ended)], [[], ['1', '2'], ['3']]);
  {
    using _ = DomainLock.take(stateFolder, 'db-1/default');
    const busy = await readAtWork(own);
    assert.deepEqual([ids(busy.open), ids(busy.unfinished), ids(busy.ended)], [['1', '2'], ['1', '2'], ['3']]);
    const { place: elsewhere } = await place(host, 'db-1/other');
    assert.deepEqual(ids((await readAtWork(elsewhere)).open), [], 'the lock is of another domain');
  }
  assert.deepEqual(ids((await readAtWork(own)).open), []);
});

test('of sessions of another host nobody here knows that they cannot go on', async () => {
  const { place: other } = await place(stranger);
  const { open, ended } = await readAtWork(other);
  assert.deepEqual([ids(open), ids(ended)], [['1', '2'], ['3']]);
});

test('a mark waits for each open session that does not name it', async () => {
  const { place: other } = await place(stranger);
  const atWork = await readAtWork(other);
  assert.deepEqual(ids(waitingFor(mark(early), atWork)), ['2']);
  assert.deepEqual(ids(waitingFor(mark(late), atWork)), ['1', '2']);
  assert.deepEqual(ids(waitingFor(mark(early), { ...atWork, open: [] })), []);
});

test('what cannot be read may be of a run that goes on: nothing is pruned, and it is said which object', async () => {
  const { nas, place: own } = await place(host);
  const key = sessionKey(host.writer, idOf('9'));
  nas.objects.set(key, Buffer.from('garbage'));
  await assert.rejects(readAtWork(own), (error: Error) => {
    assert.match(error.message, new RegExp(`${key} on target nas`));
    return refusal('PRUNE_REFUSED')(error);
  });
  const { place: elsewhere } = await place(host);
  const of = { ...elsewhere, keys: { ...elsewhere.keys, id: otherDomain } };
  assert.deepEqual(await readAtWork(of), { open: [], unfinished: [], ended: [] }, 'of another domain there are none');
});
