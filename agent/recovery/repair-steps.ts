import { type Failure, fail, failureOf } from '../contract/index.ts';
import { catchUp } from '../engine/catching-up.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import { parseEpochKey, parseIndexKey, parsePackKey, parseSnapshotKey, REPOSITORY_KEY } from '../repository/layout.ts';
import { ensureMarker } from '../repository/marker.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import { setAside } from './quarantine.ts';
import type { RepairCopies } from './repair-copies.ts';
import type { RepairOutcome, RepairStep } from './repair-report.ts';
import { CANCELLED } from './repair-survey.ts';

export interface StepsOptions {
  readonly repository: RepositoryReading;
  readonly copies: RepairCopies;
  /** Names what is moved to quarantine. */
  readonly now: Date;
  readonly signal: AbortSignal;
}

/**
 * Takes one step. What it is about is looked at again before anything is moved: the plan may be old, or one reading may have failed. A
 * whole copy is at hand before the damaged one goes, and what was put is read back.
 */
export async function takeStep(step: RepairStep, o: StepsOptions): Promise<RepairOutcome> {
  let moved: { movedTo?: string } = {};
  try {
    if (o.signal.aborted) fail(CANCELLED);
    const target = o.repository.store.targets.find(({ name }) => name === step.target) ?? fail(CANCELLED);
    // Said also where what comes after it fails.
    const moveAway = async () => {
      moved = { movedTo: await setAside(target, step.object, o.now) };
    };
    const done = await DOING[step.action](step, target, { ...o, moveAway });
    return { ...step, state: done ? 'done' : 'skipped', ...moved };
  } catch (error) {
    if (o.signal.aborted) throw error;
    const problem = failureOf(error, { code: 'REPAIR_FAILED', origin: 'target' });
    return { ...step, state: 'failed', problem, ...moved };
  }
}

interface StepOptions extends StepsOptions {
  /** Moves the object of the step to quarantine. */
  moveAway(): Promise<void>;
}

type Doing = (step: RepairStep, target: NamedTarget, o: StepOptions) => Promise<boolean>;

const DOING: Readonly<Record<RepairStep['action'], Doing>> = {
  replace: putWhole,
  copy: putWhole,
  'set aside': vacate,
  index: nameAll,
  'catch up': bring,
};

async function vacate({ object }: RepairStep, target: NamedTarget, o: StepOptions): Promise<boolean> {
  const { state } = await o.copies.judge.look(new Store([target]), object);
  if (state !== 'damaged') return false;
  await o.moveAway();
  return true;
}

async function putWhole({ object }: RepairStep, target: NamedTarget, o: StepOptions): Promise<boolean> {
  const { judge } = o.copies;
  const alone = new Store([target]);
  const { state } = await judge.look(alone, object);
  if (state === 'whole') return false;
  const bytes = await judge.whole(o.copies.others(target), object);
  if (bytes === undefined && object !== REPOSITORY_KEY) fail(nowhereWhole(object));
  const isHashed = parsePackKey(object) !== undefined || parseIndexKey(object) !== undefined;
  if (state === 'damaged' || (state === 'unjudged' && isHashed)) await o.moveAway();
  if (bytes === undefined) await ensureMarker(alone, o.now, o.repository.id);
  else await alone.put(object, bytes);
  await readBack(object, target, o);
  return true;
}

async function nameAll({ object }: RepairStep, target: NamedTarget, o: StepsOptions): Promise<boolean> {
  const domain = o.copies.domains.find(({ folder }) => folder === object);
  await domain?.nameAll(new Store([target]), o.copies.judge);
  return domain !== undefined;
}

/** All snapshots of its job that others have come with it: the next steps find theirs there. */
async function bring({ object }: RepairStep, target: NamedTarget, o: StepsOptions): Promise<boolean> {
  const { writers, host = fail(nowhereWhole(object)) } = o.repository;
  const name = parseSnapshotKey(object) ?? fail(nowhereWhole(object));
  const { domain = '' } = o.copies.listing.snapshots.find(({ key }) => key === object)?.opened.header ?? {};
  const keys = o.copies.domains.find((one) => one.keys.id === domain)?.keys ?? fail(nowhereWhole(object));
  const alone = new Store([target]);
  if ((await o.copies.judge.look(alone, object)).state === 'whole') return true;
  const usable = new Set((await alone.keys('keys/epochs/')).flatMap((key) => parseEpochKey(key)?.epoch ?? []));
  const { signal } = o;
  const [problem] = await catchUp(
    {
      ...{ target, from: o.copies.others(target), writers, host, ...name, keys },
      ...{ epochs: { usable }, now: o.now, signal, mostBytes: Infinity },
    },
    { snapshots: 0, packs: 0, bytes: 0 },
  );
  if (problem !== undefined && (await o.copies.judge.look(alone, object)).state !== 'whole') fail(problem);
  await readBack(object, target, o);
  return true;
}

async function readBack(object: string, target: NamedTarget, o: StepsOptions): Promise<void> {
  const found = await o.copies.judge.look(new Store([target]), object);
  if (found.state === 'whole') return;
  fail({
    ...found.failure,
    message: `what was put on target ${target.name} reads back otherwise: ${found.failure.message}`,
  });
}

function nowhereWhole(object: string): Failure {
  return {
    code: 'OBJECT_MISSING',
    message: `${object} is whole on no other target any more`,
    origin: 'repository',
    permanent: true,
  };
}
