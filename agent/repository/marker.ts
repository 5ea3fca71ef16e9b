import { type Failure, fail, failureOf } from '../contract/index.ts';
import { damaged } from './damage.ts';
import { decode, encode } from './encoding.ts';
import { freshId } from './keys/fresh-bytes.ts';
import { RecordReader } from './keys/record.ts';
import { decodeWriter } from './keys/writer.ts';
import { REPOSITORY_KEY, WRITERS_PREFIX } from './layout.ts';
import { checkHeader, HEADER_BYTES, objectHeader } from './object.ts';
import { type NamedTarget, Store } from './store.ts';

/** What makes a place a repository. `id`: 32 hex digits; every key and every sealed byte is bound to it or to a domain in it. */
export interface Marker {
  readonly id: string;
  readonly created: string;
}

/** The marker of one target; undefined when there is none. Failures name the target: each has an object of this key. */
async function markerOf({ name, target }: NamedTarget): Promise<Marker | undefined> {
  try {
    return decodeMarker(await new Store([{ name, target }]).get(REPOSITORY_KEY));
  } catch (error) {
    const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
    if (failure.code === 'OBJECT_MISSING') return undefined;
    if (failure.origin === 'target') throw error;
    return fail({ ...failure, message: `target ${name}: ${failure.message}` }, error);
  }
}

/** NOT_A_REPOSITORY, FORMAT_NEWER, OBJECT_DAMAGED. */
export function decodeMarker(bytes: Uint8Array): Marker {
  checkHeader(bytes, 'repository', REPOSITORY_KEY);
  const refuse = (reason: string) => damaged('OBJECT_DAMAGED', `${REPOSITORY_KEY} is damaged: ${reason}.`);
  const record = new RecordReader(decode(bytes.subarray(HEADER_BYTES), refuse), refuse);
  const marker = { id: record.id('id'), created: record.time('created') };
  record.end();
  return marker;
}

const NOT_MADE =
  'mount it first. If there was a repository, find out where it went; only where there never was one, `holdfast init` makes it';

/**
 * The repository that all targets hold. `NOT_A_REPOSITORY` when one has no marker, with what can be done about it;
 * `REPOSITORY_MIXED` when they differ, and what is wrong with a marker that is damaged or newer.
 */
export async function readMarker(store: Store, hint = NOT_MADE): Promise<Marker> {
  let marker: Marker | undefined;
  for (const target of store.targets) {
    const found = await markerOf(target);
    if (found === undefined) return missing(target.name, hint);
    if (marker !== undefined && marker.id !== found.id) return mixed(target.name, found.id, marker.id);
    marker = found;
  }
  return marker ?? fail({ code: 'TARGET_MISSING', message: 'no target was named', origin: 'policy', permanent: true });
}

/**
 * The id of the repository that a target holds, for reading. Nothing vouches for the marker, and it is as easily lost as anything
 * else: then its writers say whose repository this is, as long as all say the same, or one says `own`, that of this host. `problem`
 * is what is wrong with the marker.
 */
export async function readRepositoryId(target: NamedTarget, own?: string): Promise<{ id: string; problem?: Failure }> {
  let marker: Marker | undefined;
  let failure: Failure;
  try {
    marker = (await markerOf(target)) ?? missing(target.name);
    failure = misnamed(target.name, marker.id);
  } catch (error) {
    failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
    if (!['NOT_A_REPOSITORY', 'OBJECT_DAMAGED'].includes(failure.code)) throw error;
  }
  const ids = await repositoriesOfWriters(target);
  if (marker !== undefined && (ids.size === 0 || ids.has(marker.id))) return { id: marker.id };
  const id = own !== undefined && ids.has(own) ? own : ids.size === 1 ? [...ids][0] : undefined;
  return id === undefined ? fail(failure) : { id, problem: { ...failure, hint: REMAKE_HINT } };
}

const REMAKE_HINT =
  'its writers say which repository it is; to make the marker anew, move what is left of it away and run `holdfast init` on a host that writes there';

/** The repositories that the intact writer objects of a target name. */
async function repositoriesOfWriters(target: NamedTarget): Promise<Set<string>> {
  const alone = new Store([target]);
  const ids = new Set<string>();
  for (const key of await alone.keys(WRITERS_PREFIX)) {
    try {
      ids.add(await alone.read(key, undefined, (bytes) => decodeWriter(bytes, key).repository));
    } catch (error) {
      // Whoever needs this writer is told what is wrong with it.
      if (failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }).origin === 'target') throw error;
    }
  }
  return ids;
}

/**
 * Makes every target hold the same repository: the one that is there already, or the one `expected`, or a new one.
 * Nothing is written when two targets hold different ones (`REPOSITORY_MIXED`), or when one without a marker holds something else
 * (`TARGET_OCCUPIED`). A marker that was lost is made anew beside the objects of the repository `expected`.
 */
export async function ensureMarker(
  store: Store,
  now: Date,
  expected?: string,
): Promise<{ marker: Marker; created: string[] }> {
  const found = await Promise.all(store.targets.map(markerOf));
  const known = found.filter((marker) => marker !== undefined);
  const first = known[0];
  for (const { id } of known) if (id !== first?.id) mixed('', id, (first as Marker).id);
  if (first !== undefined && expected !== undefined && first.id !== expected) {
    for (const target of store.targets) await refuseMisnamed(target, expected);
    mixed('', first.id, expected);
  }
  const marker = first ?? { id: expected ?? freshId(), created: now.toISOString() };
  const lacking = store.targets.filter((_, i) => found[i] === undefined);
  for (const target of lacking) await refuseOccupied(target, marker.id);
  const bytes = Buffer.concat([objectHeader('repository'), encode({ id: marker.id, created: marker.created })]);
  for (const target of lacking) await new Store([target]).put(REPOSITORY_KEY, bytes);
  return { marker, created: lacking.map(({ name }) => name) };
}

/** It may be the marker that is wrong, and not the target. */
async function refuseMisnamed(target: NamedTarget, expected: string): Promise<void> {
  if ((await markerOf(target)) === undefined) return;
  const { problem } = await readRepositoryId(target, expected);
  if (problem !== undefined) fail(problem);
}

/** A folder that somebody uses for something else must not become a repository because of a slip in a path. */
async function refuseOccupied(target: NamedTarget, id: string): Promise<void> {
  const ids = await repositoriesOfWriters(target);
  if (ids.size === 1 && ids.has(id)) return;
  for await (const { key } of target.target.list('')) {
    // File systems and storage servers keep things of their own under such names.
    if (key.startsWith('.')) continue;
    fail({
      code: 'TARGET_OCCUPIED',
      message: `target ${target.name} holds no repository, but other things: ${key}`,
      origin: 'target',
      permanent: true,
      hint: 'give the repository a place of its own; if this is one that lost its marker, run `holdfast init` on a host that writes to it',
    });
  }
}

function missing(target: string, hint = NOT_MADE): never {
  return fail({
    code: 'NOT_A_REPOSITORY',
    message: `target ${target} holds no repository`,
    origin: 'target',
    permanent: true,
    hint,
  });
}

function misnamed(target: string, id: string): Failure {
  return {
    code: 'OBJECT_DAMAGED',
    message: `target ${target}: ${REPOSITORY_KEY} is damaged: it names ${id}, and no writer of this repository does.`,
    origin: 'repository',
    permanent: true,
  };
}

/** `REPOSITORY_MIXED`: another id than the one that was expected. `target` empty: not of one in particular. */
export function mixed(target: string, found: string, expected: string): never {
  return fail({
    code: 'REPOSITORY_MIXED',
    message: `${target === '' ? 'the targets' : `target ${target}`} hold repository ${found}, but ${expected} was expected`,
    origin: 'target',
    permanent: true,
    hint: 'the targets of a policy are copies of one repository: check that each path or bucket is the one you mean',
  });
}
