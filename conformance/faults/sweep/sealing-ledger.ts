import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { fragmentSalt, indexKeysOf, readPack, snapshotSalts } from '../kills/sealed-objects.ts';
import type { Offered } from './faulty-target.ts';

/**
 * Under which salts everything was sealed that was ever put, also in vain: processes that begin from one state, as a crash or a
 * copied machine makes them, must not meet. A body that is put again is the same body.
 */
export class SealingLedger {
  readonly #bodies = new Map<string, string>();
  #salts = 0;

  /** How many there were. */
  get salts(): number {
    return this.#salts;
  }

  /** Fails when one of these was sealed under the key and nonce of another. `moved`: what is in packs was sealed before, and is moved. */
  note(offered: readonly Offered[], stateFolder: string, moved = false): void {
    const keys = indexKeysOf(stateFolder);
    for (const { key, body } of offered) {
      const digest = createHash('sha256').update(body).digest('hex');
      for (const salt of saltsOf(key, Buffer.from(body), keys, moved)) {
        const other = this.#bodies.get(salt);
        if (other === undefined) this.#salts++;
        this.#bodies.set(salt, digest);
        assert.ok(
          other === undefined || other === digest,
          `${key}: sealed under a key and nonce that were used before`,
        );
      }
    }
  }
}

function saltsOf(key: string, body: Buffer, keys: ReadonlyMap<string, Buffer>, moved: boolean): string[] {
  const [kind, domain = ''] = key.split('/');
  if (kind === 'indexes') return [fragmentSalt(body)];
  if (kind === 'snapshots') {
    const { references, birth } = snapshotSalts(body);
    return [references, birth];
  }
  if (kind !== 'packs') return [];
  const { salt, frames } = readPack(body, domain, keys.get(domain) ?? assert.fail(`no key of ${domain}`));
  return moved ? [salt] : [salt, ...new Set(frames.map(({ birth }) => birth))];
}
