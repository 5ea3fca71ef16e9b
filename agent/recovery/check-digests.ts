import { type Failure, fail, failureOf } from '../contract/index.ts';
import { parseIndexKey, parsePackKey } from '../repository/layout.ts';
import { checkHeader, HEADER_BYTES } from '../repository/object.ts';
import type { Store } from '../repository/store.ts';
import { GoodObjects } from './good-objects.ts';
import { inParallel } from './lanes.ts';
import { passedOver } from './passed-over.ts';
import { Patience } from './patience.ts';
import { eachTarget, type Verification } from './verification.ts';
import { coverageOf, type TimeShares, type ToRead, toRead } from './verify-budget.ts';

/**
 * Reads packs and indexes of every target in full and compares their SHA-256 with their names: needs no key at all. With a budget,
 * those that were not found good for longest, until it is used up; at least one.
 */
export async function checkDigests(v: Verification, time: TimeShares): Promise<void> {
  const { budget, onProgress } = v.options;
  for (const { name: target, alone } of eachTarget(v)) {
    const place = { target, level: 'checksum' } as const;
    const until = time.next();
    const objects = await hashedObjects(v, target, alone);
    const good = new GoodObjects(v, place);
    good.keepOnly(objects);
    const wanted = toRead(objects, good.times, budget?.share);
    const read: ToRead[] = [];
    const patience = new Patience(v.options.signal);
    await inParallel(wanted, 3, async (object) => {
      if (read.length > 0 && performance.now() >= until) return;
      read.push(object);
      const isGood = await checkDigest(v, { name: target, alone, patience }, object);
      good.tell(object.name, isGood);
      onProgress?.({ level: 'checksum', done: read.length, total: wanted.length, bytes: v.checked.bytes });
    });
    v.coverage.push(coverageOf(place, objects, read, good.times));
  }
}

async function hashedObjects(v: Verification, target: string, alone: Store): Promise<ToRead[]> {
  const found: ToRead[] = [];
  for (const prefix of ['packs/', 'indexes/']) {
    const odd: string[] = [];
    for (const listed of await alone.list(prefix)) {
      for (const { key, size } of listed.values()) {
        const name = (parsePackKey(key) ?? parseIndexKey(key))?.name;
        if (name === undefined) odd.push(key);
        else found.push({ key, size, name });
      }
    }
    v.passedOver.push(...passedOver(target, prefix, odd));
  }
  return found;
}

/** Whether it is what its name says; what it is otherwise is a finding. */
async function checkDigest(
  v: Verification,
  { name: target, alone, patience }: { readonly name: string; readonly alone: Store; readonly patience: Patience },
  { key, name }: ToRead,
): Promise<boolean> {
  const isPack = key.startsWith('packs/');
  try {
    if (v.options.signal.aborted) fail(cancelled());
    const { sha256, size, start } = await patience.read(() => alone.digest(key, HEADER_BYTES));
    v.checked.bytes += size;
    if (sha256 !== name) fail(mismatch(key));
    checkHeader(start, isPack ? 'pack' : 'index', key);
    return true;
  } catch (error) {
    const failure = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
    if (failure.code === 'CANCELLED') throw error;
    const snapshots = isPack ? v.needs.ofPack(name) : [];
    v.find({ level: 'checksum', target, object: key, failure, snapshots });
    return false;
  } finally {
    if (isPack) v.checked.packs++;
    else v.checked.indexes++;
  }
}

function mismatch(key: string): Failure {
  return {
    code: key.startsWith('packs/') ? 'PACK_DAMAGED' : 'OBJECT_DAMAGED',
    message: `${key} is damaged: its SHA-256 is not its name`,
    origin: 'repository',
    permanent: true,
    hint: key.startsWith('packs/')
      ? '`holdfast repair` puts a whole copy in its place, when another target has one; without one, `holdfast repair --set-aside` moves it away, and the next run stores again what still is at its source'
      : '`holdfast repair` moves it away, and makes an index of what it named',
  };
}

function cancelled(): Failure {
  return { code: 'CANCELLED', message: 'the verification was cancelled', origin: 'agent', permanent: false };
}
