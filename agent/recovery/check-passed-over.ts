import { failureOf } from '../contract/index.ts';
import { CHECKS_PREFIX, parseCheckKey } from '../repository/check-key.ts';
import {
  MARKS_PREFIX,
  parseMarkKey,
  parseRemovalKey,
  parseSessionKey,
  REMOVALS_PREFIX,
  SESSIONS_PREFIX,
} from '../repository/layout.ts';
import type { Store } from '../repository/store.ts';
import type { Writers } from '../repository/writers.ts';
import { passedOver } from './passed-over.ts';
import { eachTarget, type Verification } from './verification.ts';

/** Of what lies in the folder of its writer, whose it is; of a mark only its bytes say that. */
const WHOSE: Readonly<Record<string, (key: string, writers: Writers) => boolean>> = {
  [CHECKS_PREFIX]: (key, writers) => writers.trusts(parseCheckKey(key)?.writer ?? ''),
  [MARKS_PREFIX]: (key) => parseMarkKey(key) !== undefined,
  [REMOVALS_PREFIX]: (key, writers) => writers.trusts(parseRemovalKey(key)?.writer ?? ''),
  [SESSIONS_PREFIX]: (key, writers) => writers.trusts(parseSessionKey(key)?.writer ?? ''),
};

/** Looks for it among what is no pack, index, snapshot or key: it harms nobody, but somebody put it there. */
export async function checkPassedOver(v: Verification): Promise<void> {
  for (const { name, alone } of eachTarget(v)) {
    for (const [prefix, counts] of Object.entries(WHOSE)) {
      const odd = (await keysBelow(alone, prefix)).filter((key) => !counts(key, v.writers));
      v.passedOver.push(...passedOver(name, prefix, odd));
    }
  }
}

/** That a folder cannot be listed is said by those that read what lies there. */
async function keysBelow(alone: Store, prefix: string): Promise<readonly string[]> {
  try {
    return await alone.keys(prefix);
  } catch (error) {
    if (failureOf(error, { code: 'TARGET_IO', origin: 'target' }).code === 'CANCELLED') throw error;
    return [];
  }
}
