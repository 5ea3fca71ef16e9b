import { other } from './domain-keys.ts';
import { removal, removalKey } from './pruning-vectors.ts';
import { changed, fixed, sha256 } from './reference-writer.ts';
import { type Case, type Outcome, read } from './repository-case.ts';
import type { Repository } from './repository-writer.ts';
import { hex } from './vector.ts';

/** That of the objects under `keys` nothing is wanted on target `vault`, unless `changes` says otherwise. */
function remove(r: Repository, sequence: number, keys: readonly string[], changes: object = {}): string {
  const removed = keys.map((key) => ({
    key,
    hash: sha256(Buffer.from(r.objects[key] ?? '', 'hex')),
    since: '2026-03-04T05:06:07.008Z',
  }));
  const bytes = removal({ sequence, removed, ...changes });
  return r.put(removalKey(bytes, sequence), bytes);
}

const before = ({ read: key }: Outcome, sequence: number) => key.replace(/\d$/, String(sequence));

/** Snapshots that are wanted no more, and what says so. */
export const forgetting: Readonly<Record<string, Case>> = {
  'a snapshot that is wanted no more': async (r) => {
    const outcome = await read(r);
    const { read: last } = await read(r);
    remove(r, 1, [last]);
    return { ...outcome, target: 'vault', forgotten: [last] };
  },
  'a hole that a removal names': async (r) => {
    await read(r);
    await read(r);
    const last = await read(r);
    remove(r, 1, [before(last, 2)]);
    delete r.objects[before(last, 2)];
    return { ...last, target: 'vault', forgotten: [] };
  },
  'a hole of which a removal names another object': async (r) => {
    await read(r);
    await read(r);
    const last = await read(r);
    const hash = fixed('another snapshot', 32);
    remove(r, 1, [], { removed: [{ key: before(last, 2), hash, since: '2026-03-04T05:06:07.008Z' }] });
    delete r.objects[before(last, 2)];
    return { ...last, target: 'vault', findings: [[last.read, 'CHAIN_BROKEN']] };
  },
  'a removal for another target, and the hole that it names': async (r) => {
    await read(r);
    await read(r);
    const last = await read(r);
    remove(r, 1, [before(last, 2), last.read], { target: 'elsewhere' });
    delete r.objects[before(last, 2)];
    return { ...last, target: 'vault', forgotten: [] };
  },
  'a newer removal without what an older one named': async (r) => {
    const outcome = await read(r);
    remove(r, 1, [outcome.read]);
    remove(r, 2, []);
    return { ...outcome, target: 'vault', forgotten: [] };
  },
  'a removal that is damaged, above a whole one': async (r) => {
    const outcome = await read(r);
    const { read: last } = await read(r);
    remove(r, 1, [last]);
    const bad = remove(r, 2, []);
    r.put(bad, changed(Buffer.from(r.objects[bad] ?? '', 'hex'), -1));
    return { ...outcome, target: 'vault', forgotten: [last], findings: [[bad, 'OBJECT_DAMAGED']] };
  },
  'a removal by a writer whom nobody approved': async (r) => {
    const outcome = await read(r);
    const hash = sha256(Buffer.from(r.objects[outcome.read] ?? '', 'hex'));
    const removed = [{ key: outcome.read, hash, since: '2026-03-04T05:06:07.008Z' }];
    const bytes = removal({ writer: hex(other.writer), removed }, other.signer);
    r.put(removalKey(bytes, 1, other.writer), bytes);
    return { ...outcome, target: 'vault', forgotten: [] };
  },
};
