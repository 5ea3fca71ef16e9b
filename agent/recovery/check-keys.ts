import { type Failure, failureOf } from '../contract/index.ts';
import { decodeEpoch } from '../repository/keys/epoch.ts';
import { decodeWriter } from '../repository/keys/writer.ts';
import {
  APPROVALS_PREFIX,
  EPOCHS_PREFIX,
  epochKey,
  epochPrefix,
  parseApprovalKey,
  parseWriterKey,
  writerKey,
} from '../repository/layout.ts';
import type { PackList } from '../repository/pack-list.ts';
import type { Store } from '../repository/store.ts';
import type { Verification } from './verification.ts';

/**
 * What snapshots cannot be opened without, on each target: the epochs that they and their content are sealed to, the writers that made
 * them, and the approvals that vouch for those. They are few and small, and nothing replaces them.
 */
export async function checkKeys(v: Verification, target: string, alone: Store): Promise<void> {
  const found = new Set<string>();
  const find = (object: string, failure: Failure, snapshots: readonly string[]) => {
    found.add(object);
    v.find({ level: 'list', target, object, failure, snapshots });
  };
  const needed = neededKeys(v);
  for (const [key, snapshots] of needed) {
    const failure = await whyNot(v, alone, key);
    if (failure !== undefined) find(key, failure, snapshots);
  }
  // What nobody needs is there all the same, and said to be an epoch. What others stored whom nobody approved is no damage.
  for (const key of await alone.keys(EPOCHS_PREFIX)) {
    const failure = needed.has(key) ? undefined : await whyNot(v, alone, key);
    if (failure !== undefined && failure.code !== 'WRITER_UNAPPROVED') find(key, failure, []);
  }
  const writers = await v.writers.in(alone);
  for (const { object, failure } of [...writers.problems, ...writers.foreign]) {
    const writer = parseWriterKey(object) ?? parseApprovalKey(object)?.writer;
    const lost = writer === undefined || writers.isApproved(writer) ? [] : snapshotsOf(v, writer);
    if (!found.has(object)) find(object, failure, lost);
  }
  await findApprovalsLacking(v, target, alone);
}

function neededKeys({ listing }: Verification): ReadonlyMap<string, readonly string[]> {
  const needed = new Map<string, string[]>();
  for (const { id, opened } of listing.snapshots) {
    const { writer, domain, epoch } = opened.header;
    for (const key of [writerKey(writer), epochKey(domain, epoch)]) needed.set(key, [...(needed.get(key) ?? []), id]);
  }
  return needed;
}

/** Ids of a writer's snapshots, also when it is trusted no more: that is what its approval is for. */
function snapshotsOf({ listing: { snapshots, unapproved } }: Verification, writer: string): string[] {
  const others = unapproved.flatMap(({ snapshot }) => snapshot ?? []);
  return [...snapshots, ...others].filter(({ opened }) => opened.header.writer === writer).map(({ id }) => id);
}

async function findApprovalsLacking(v: Verification, target: string, alone: Store): Promise<void> {
  const present = new Set(await alone.keys(APPROVALS_PREFIX));
  for (const { id, approvals } of v.writers) {
    for (const { key } of approvals) {
      if (present.has(key)) continue;
      const failure = copyMissing(target, key, 'the next run of its host brings it there');
      v.find({ level: 'list', target, object: key, failure, snapshots: snapshotsOf(v, id) });
    }
  }
}

/** One target has it, and this one does not. */
export function copyMissing(target: string, key: string, hint: string): Failure {
  return {
    code: 'COPY_MISSING',
    message: `target ${target} lacks ${key}, which another target has`,
    origin: 'target',
    permanent: true,
    hint,
  };
}

/**
 * The same for the epochs that packs of a domain are sealed to: later snapshots need what earlier ones stored, and no snapshot may be
 * left of the epoch of a pack.
 */
export async function checkEpochsOf(
  v: Verification,
  o: { target: string; alone: Store; domain: string; packs: PackList },
): Promise<void> {
  const listed = new Set(await o.alone.keys(epochPrefix(o.domain)));
  const epochs = new Map<string, string[]>();
  for (const [, { name, table }] of o.packs) {
    for (const { epoch } of table.births) {
      const id = Buffer.from(epoch).toString('hex');
      epochs.set(id, [...(epochs.get(id) ?? []), name]);
    }
  }
  for (const [epoch, packs] of epochs) {
    const key = epochKey(o.domain, epoch);
    const failure = await whyNot(v, o.alone, key);
    if (failure === undefined) continue;
    const own = v.listing.snapshots.filter(({ opened }) => opened.header.epoch === epoch).map(({ id }) => id);
    const later = [...new Set(packs.flatMap((pack) => v.needs.ofPack(pack)))].filter((id) => !own.includes(id));
    if (later.length > 0 || !(listed.has(key) || own.length > 0)) {
      v.find({ level: 'list', target: o.target, object: key, failure, snapshots: later });
    }
  }
}

async function whyNot(v: Verification, alone: Store, key: string): Promise<Failure | undefined> {
  try {
    await alone.read(key, undefined, (bytes) => {
      if (parseWriterKey(key) === undefined) decodeEpoch(bytes, key, v.writers.trustedKeyOf, v.writers.repository);
      else decodeWriter(bytes, key);
    });
    return undefined;
  } catch (error) {
    return failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
  }
}
