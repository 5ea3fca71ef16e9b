import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../kit/samples.ts';
import { fragmentSalt, indexKeysOf, type Pack, readPack, snapshotSalts } from './sealed-objects.ts';

export interface SealingFigures {
  readonly packs: number;
  readonly frames: number;
  /** Plaintext of chunks that lie in more than one pack; bytes. */
  readonly storedAgain: number;
}

/**
 * Holds when no key and nonce were used twice in all that was ever written, objects and what killed puts left alike: every frame has a
 * pair of birth and ordinal of its own, no birth continues in another pack, and no two records have one salt.
 */
export function auditSealing(o: {
  readonly repository: string;
  readonly stateFolder: string;
  readonly keys: readonly string[];
  readonly leftOver: readonly string[];
}): SealingFigures {
  const indexKeys = indexKeysOf(o.stateFolder);
  const used = new Map<string, string>();
  const once = (what: string, key: string) => {
    const other = used.get(what);
    assert.ok(other === undefined, `${key} and ${other} were sealed under one key and nonce (${what.slice(0, 40)})`);
    used.set(what, key);
  };
  const seen = { packs: 0, frames: 0, storedAgain: 0 };
  const chunks = new Map<string, number>();
  const packs = new Set(o.keys.flatMap((key) => (key.startsWith('packs/') ? [key.slice(-64)] : [])));
  for (const key of [...o.keys, ...o.leftOver]) {
    const [kind = '', domain = ''] = key.split('/');
    const bytes = readFileSync(join(o.repository, key));
    if (kind === 'indexes') once(`record ${fragmentSalt(bytes)}`, key);
    if (kind === 'snapshots') {
      const { references, birth } = snapshotSalts(bytes);
      once(`record ${references}`, key);
      once(`birth ${birth}`, key);
    }
    const pack =
      kind === 'packs' ? packOf(bytes, domain, indexKeys) : kind === 'tmp' ? leftPack(bytes, indexKeys) : undefined;
    // A put that was killed between link(2) and unlink(2) left the object itself under its first name.
    if (pack === undefined || (kind === 'tmp' && packs.has(sha256(bytes)))) continue;
    once(`record ${pack.salt}`, key);
    for (const birth of new Set(pack.frames.map((frame) => frame.birth))) once(`birth ${birth}`, key);
    for (const { birth, ordinal } of pack.frames) once(`frame ${birth} ${ordinal}`, key);
    if (kind === 'tmp') continue;
    seen.packs++;
    seen.frames += pack.frames.length;
    for (const chunk of pack.frames.flatMap((frame) => frame.chunks)) {
      if (chunks.has(chunk.id)) seen.storedAgain += chunk.length;
      chunks.set(chunk.id, chunk.length);
    }
  }
  return seen;
}

function packOf(bytes: Buffer, domain: string, indexKeys: ReadonlyMap<string, Buffer>): Pack {
  const key = indexKeys.get(domain);
  assert.ok(key !== undefined, `the host has no key of domain ${domain}`);
  return readPack(bytes, domain, key);
}

/** A pack that was written whole and never got its name; undefined for all else that lies in tmp/. */
function leftPack(bytes: Buffer, indexKeys: ReadonlyMap<string, Buffer>): Pack | undefined {
  if (bytes.toString('latin1', bytes.length - 4) !== 'HFSP') return undefined;
  for (const [domain, key] of indexKeys) {
    try {
      return readPack(bytes, domain, key);
    } catch {
      // Of another domain.
    }
  }
  return undefined;
}
