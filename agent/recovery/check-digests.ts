import { type Failure, fail, failureOf } from '../contract/index.ts';
import { parseIndexKey, parsePackKey } from '../repository/layout.ts';
import { checkHeader, HEADER_BYTES } from '../repository/object.ts';
import { inParallel } from './lanes.ts';
import { eachTarget, type Verification } from './verification.ts';

/** Reads every pack and index of every target in full and compares its SHA-256 with its name: needs no key at all. */
export async function checkDigests(v: Verification): Promise<void> {
  for (const { name, alone } of eachTarget(v)) {
    const keys = [...(await alone.keys('packs/')), ...(await alone.keys('indexes/'))];
    let done = 0;
    const check = async (key: string): Promise<void> => {
      const wanted = (parsePackKey(key) ?? parseIndexKey(key))?.name;
      try {
        if (v.options.signal.aborted) fail(cancelled());
        const { sha256, size, start } = await alone.digest(key, HEADER_BYTES);
        v.checked.bytes += size;
        if (sha256 !== wanted) fail(mismatch(key));
        checkHeader(start, key.startsWith('packs/') ? 'pack' : 'index', key);
      } catch (error) {
        const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
        if (failure.code === 'CANCELLED') throw error;
        const snapshots = wanted !== undefined && key.startsWith('packs/') ? v.needs.ofPack(wanted) : [];
        v.find({ level: 'checksum', target: name, object: key, failure, snapshots });
      }
      if (key.startsWith('packs/')) v.checked.packs++;
      else v.checked.indexes++;
      done++;
      v.options.onProgress?.({ level: 'checksum', done, total: keys.length, bytes: v.checked.bytes });
    };
    await inParallel(keys, 3, check);
  }
}

function mismatch(key: string): Failure {
  return {
    code: key.startsWith('packs/') ? 'PACK_DAMAGED' : 'OBJECT_DAMAGED',
    message: `${key} is damaged: its SHA-256 is not its name`,
    origin: 'repository',
    permanent: true,
    hint: key.startsWith('packs/')
      ? 'copy it from another target that has it whole; without one, move it away, so that the next run stores again what still is at its source'
      : 'move it away: the next run makes an index of what it named',
  };
}

function cancelled(): Failure {
  return { code: 'CANCELLED', message: 'the verification was cancelled', origin: 'agent', permanent: false };
}
