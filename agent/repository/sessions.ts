import { failureOf } from '../contract/index.ts';
import { freshId } from './keys/fresh-bytes.ts';
import type { HostKeys } from './keys/host-keys.ts';
import { parseSessionKey, SESSIONS_PREFIX, SNAPSHOTS_PREFIX } from './layout.ts';
import { loadMarks, type StoredMark } from './marks.ts';
import { decodeSession, encodeSession, type Session } from './session.ts';
import { isTheEnd, type NamedTarget, type ObjectProblem, Store, type WhenUnread } from './store.ts';
import type { Writers } from './writers.ts';

export interface BeginningSession {
  readonly host: HostKeys;
  readonly writers: Writers;
  /** Id of the domain, hex. */
  readonly domain: string;
  /** The key of the snapshot that it is to end with. */
  readonly snapshot: string;
  readonly now: Date;
}

/** What a session found that was marked when it began. */
export interface BegunSession {
  /** Names of packs to count on no more, on whichever target they are marked. */
  readonly marked: ReadonlySet<string>;
  readonly problems: readonly ObjectProblem[];
}

/**
 * Registers a writer on every target of the store before it counts on anything there. The marks are read once more afterwards: whoever
 * puts a mark reads the sessions after that, so that of a mark and a session at least one is seen by the other side (Dekker's way).
 */
export async function beginSession(store: Store, o: BeginningSession): Promise<BegunSession> {
  const known = await marksOn(store, o);
  const seen = [...new Set(known.marks.map(({ name }) => name))].sort();
  const { host, domain, snapshot } = o;
  const { key, bytes } = encodeSession(
    {
      id: freshId(),
      repository: host.repository,
      writer: host.writer,
      domain,
      snapshot,
      seen,
      created: o.now.toISOString(),
    },
    host.signer,
  );
  await store.put(key, bytes);
  const { marks, problems } = await marksOn(store, o);
  return { marked: new Set(marks.flatMap(({ mark }) => mark.packs)), problems };
}

async function marksOn({ targets }: Store, { domain, writers }: BeginningSession) {
  const loaded = await Promise.all(targets.map((target) => loadMarks(target, writers, domain)));
  const marks: StoredMark[] = loaded.flatMap((one) => one.marks);
  return { marks, problems: loaded.flatMap((one) => one.problems) };
}

/** A session as it lies on a target. */
export interface StoredSession {
  readonly key: string;
  readonly session: Session;
  /** Whether nothing lies there yet where its snapshot is to lie. */
  readonly open: boolean;
}

/**
 * Sessions of trusted writers on a target, in one domain or in all. What cannot be read may be of one that is at work: it is told, and who
 * prunes must not go on. A target that does not give one ends it, unless it is to be reported like what is damaged.
 */
export async function loadSessions(
  target: NamedTarget,
  writers: Writers,
  domain?: string,
  whenUnread: WhenUnread = 'end',
): Promise<{ readonly sessions: readonly StoredSession[]; readonly problems: readonly ObjectProblem[] }> {
  const alone = new Store([target]);
  const sessions: { key: string; session: Session }[] = [];
  const problems: ObjectProblem[] = [];
  for (const key of await alone.keys(SESSIONS_PREFIX)) {
    const writer = parseSessionKey(key)?.writer;
    const publicKey = writer !== undefined && writers.trusts(writer) ? writers.publicKeyOf(writer) : undefined;
    if (publicKey === undefined) continue;
    try {
      const decode = (bytes: Uint8Array) => decodeSession(bytes, { key, publicKey, repository: writers.repository });
      const session = await alone.read(key, undefined, decode);
      if (domain === undefined || session.domain === domain) sessions.push({ key, session });
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      // Another one that prunes has cleared it away: it had ended.
      if (failure.code === 'OBJECT_MISSING') continue;
      if (isTheEnd(failure, whenUnread)) throw error;
      problems.push({ object: key, target: target.name, failure });
    }
  }
  const there = new Set(await alone.keys(SNAPSHOTS_PREFIX));
  return { sessions: sessions.map((one) => ({ ...one, open: !there.has(one.session.snapshot) })), problems };
}
