import { failureOf } from '../contract/index.ts';
import { decodeEpoch } from '../repository/keys/epoch.ts';
import { decodeWriter } from '../repository/keys/writer.ts';
import { epochKey, parseWriterKey, writerKey } from '../repository/layout.ts';
import type { PackList } from '../repository/pack-list.ts';
import type { Store } from '../repository/store.ts';
import type { Verification } from './verification.ts';

/**
 * What snapshots cannot be opened without: the epochs that they and their content are sealed to, and the writers that vouch for
 * them, on each target. They are few and small, and nothing replaces them.
 */
export async function checkKeys(v: Verification, target: string, alone: Store): Promise<void> {
  const needed = new Map<string, string[]>();
  for (const { id, opened } of v.listing.snapshots) {
    const { writer, domain, epoch } = opened.header;
    for (const key of [writerKey(writer), epochKey(domain, epoch)]) needed.set(key, [...(needed.get(key) ?? []), id]);
  }
  for (const [key, snapshots] of needed) await checkKey(v, target, alone, key, snapshots);
}

/** The same for the epochs that packs of a domain are sealed to, which may be older than those of its snapshots. */
export async function checkEpochsOf(
  v: Verification,
  o: { target: string; alone: Store; domain: string; packs: PackList },
): Promise<void> {
  const known = new Set(v.listing.snapshots.map(({ opened }) => opened.header.epoch));
  const epochs = new Set<string>();
  for (const [, { table }] of o.packs) {
    for (const { epoch } of table.births) epochs.add(Buffer.from(epoch).toString('hex'));
  }
  for (const epoch of epochs) {
    if (!known.has(epoch)) await checkKey(v, o.target, o.alone, epochKey(o.domain, epoch), []);
  }
}

async function checkKey(
  v: Verification,
  target: string,
  alone: Store,
  key: string,
  snapshots: readonly string[],
): Promise<void> {
  try {
    await alone.read(key, undefined, (bytes) => {
      if (parseWriterKey(key) === undefined) decodeEpoch(bytes, key, v.writers.trustedKeyOf);
      else decodeWriter(bytes, key);
    });
  } catch (error) {
    const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    v.find({ level: 'list', target, object: key, failure, snapshots });
  }
}
