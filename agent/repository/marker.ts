import { randomBytes } from 'node:crypto';
import { fail, failureOf } from '../contract/index.ts';
import { damaged } from './damage.ts';
import { decode, encode } from './encoding.ts';
import { RecordReader } from './keys/record.ts';
import { REPOSITORY_KEY } from './layout.ts';
import { checkHeader, HEADER_BYTES, objectHeader } from './object.ts';
import { type NamedTarget, Store } from './store.ts';

/** What makes a place a repository. `id`: 32 hex digits; every key and every sealed byte is bound to it or to a domain in it. */
export interface Marker {
  readonly id: string;
  readonly created: string;
}

/** The marker of one target; undefined when there is none. */
async function markerOf(target: NamedTarget): Promise<Marker | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await new Store([target]).get(REPOSITORY_KEY);
  } catch (error) {
    if (failureOf(error, { code: 'TARGET_IO', origin: 'target' }).code === 'OBJECT_MISSING') return undefined;
    throw error;
  }
  return decodeMarker(bytes);
}

/** NOT_A_REPOSITORY, FORMAT_NEWER, OBJECT_DAMAGED. */
export function decodeMarker(bytes: Uint8Array): Marker {
  checkHeader(bytes, 'repository', REPOSITORY_KEY);
  const record = new RecordReader(decode(bytes.subarray(HEADER_BYTES)), (reason) =>
    damaged('OBJECT_DAMAGED', `${REPOSITORY_KEY} is damaged: ${reason}.`),
  );
  const marker = { id: record.id('id'), created: record.time('created') };
  record.end();
  return marker;
}

const NOT_MADE = 'run `holdfast init` to make one there; if there was one, find out where it went first';

/**
 * The repository that all targets hold. `NOT_A_REPOSITORY` when one has no marker, with what can be done about it;
 * `REPOSITORY_MIXED` when they differ.
 */
export async function readMarker(store: Store, hint = NOT_MADE): Promise<Marker> {
  let marker: Marker | undefined;
  for (const target of store.targets) {
    const found = await markerOf(target);
    if (found === undefined) {
      return fail({
        code: 'NOT_A_REPOSITORY',
        message: `target ${target.name} holds no repository`,
        origin: 'target',
        permanent: true,
        hint,
      });
    }
    if (marker !== undefined && marker.id !== found.id) return mixed(target.name, found, marker);
    marker = found;
  }
  return marker ?? fail({ code: 'TARGET_MISSING', message: 'no target was named', origin: 'policy', permanent: true });
}

/**
 * Makes every target hold the same repository: the one that is there already, or the one `expected`, or a new one.
 * Nothing is written when two targets hold different ones.
 */
export async function ensureMarker(
  store: Store,
  now: Date,
  expected?: string,
): Promise<{ marker: Marker; created: string[] }> {
  const found = await Promise.all(store.targets.map(markerOf));
  const known = found.filter((marker) => marker !== undefined);
  const first = known[0];
  for (const marker of known) if (marker.id !== first?.id) mixed('', marker, first as Marker);
  if (first !== undefined && expected !== undefined && first.id !== expected) {
    mixed('', first, { id: expected, created: '' });
  }
  const marker = first ?? { id: expected ?? randomBytes(16).toString('hex'), created: now.toISOString() };
  const bytes = Buffer.concat([objectHeader('repository'), encode({ id: marker.id, created: marker.created })]);
  const created: string[] = [];
  for (const [i, target] of store.targets.entries()) {
    if (found[i] !== undefined) continue;
    await new Store([target]).put(REPOSITORY_KEY, bytes);
    created.push(target.name);
  }
  return { marker, created };
}

function mixed(target: string, found: Marker, expected: Marker): never {
  return fail({
    code: 'REPOSITORY_MIXED',
    message: `${target === '' ? 'the targets' : `target ${target}`} hold repository ${found.id}, but ${expected.id} was expected`,
    origin: 'target',
    permanent: true,
    hint: 'the targets of a policy are copies of one repository: check that each path or bucket is the one you mean',
  });
}
