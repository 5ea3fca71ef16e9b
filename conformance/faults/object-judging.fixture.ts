/** What must be true of each damage: it is found and named, no byte comes back wrong, the rest restores, and the next run heals it. */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { repair } from '../../agent/recovery/reading.fixture.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { loadHostKeys } from '../../agent/repository/keys/host-keys.ts';
import {
  check,
  type Damage,
  elsewhere,
  jobOf,
  type Made,
  made,
  original,
  type Restored,
  r,
  replace,
  reset,
  restored,
} from './damaged-repository.fixture.ts';
import { kindOf } from './object-regions.ts';

export interface Row {
  cases: number;
  detected: number;
  named: number;
  restored: number;
  restRestored: number;
  run: number;
  healed: number;
  wrongBytes: number;
  undetected: number;
  meaningless: number;
}

/** What came of the cases, by kind of object and of damage. */
export const table = new Map<string, Row>();
/** What is not as it must be. */
export const complaints: string[] = [];

export function rowFor({ kind, how }: Damage): Row {
  const name = `${kind} · ${how.split(':')[0]}`;
  const none = { detected: 0, named: 0, restored: 0, restRestored: 0, run: 0, healed: 0, wrongBytes: 0 };
  const row = table.get(name) ?? { cases: 0, ...none, undetected: 0, meaningless: 0 };
  table.set(name, row);
  row.cases += 1;
  return row;
}

export function complain(damage: Damage, what: string): void {
  complaints.push(`${damage.kind}, ${damage.how}, ${damage.key}: ${what}`);
}

/** Of an approval that is gone nobody knows the name: it is said where there is none. */
function isOfNoApproval(note: string, key: string): boolean {
  return kindOf(key) === 'approval' && note.startsWith(`${dirname(key)}/ holds no approval`);
}

/** Whether a verification says which object it is, by its key. */
export function names(report: VerifyReport, key: string): boolean {
  if (report.failure !== undefined) return report.failure.message.includes(key);
  if (report.notes.some((note) => isOfNoApproval(note, key))) return true;
  return report.findings.some(({ object, failure }) => object.split(',')[0] === key || failure.message.includes(key));
}

/** What a case must not break: snapshots made by runs that neither needed nor made the object. */
function isSpared({ key }: Damage, { created, source, key: snapshot }: Made): boolean {
  const maker = made.find((one) => one.created.includes(key));
  switch (kindOf(key)) {
    case 'marker':
    case 'writer':
    case 'approval':
    case 'index':
    case 'session':
    case 'removal':
    case 'check':
      return true;
    case 'snapshot':
      return snapshot !== key;
    case 'epoch':
      return !created.some((object) => object.split('/')[1] === key.split('/')[2]);
    case 'pack':
      // A later snapshot of the same source needs what earlier runs stored.
      return (
        maker === undefined ||
        maker.source.name !== source.name ||
        made.indexOf(maker) > made.findIndex((one) => one.key === snapshot)
      );
  }
}

/**
 * - `deep`: frames are decrypted, snapshots that need the object and that do not are restored, and runs follow;
 * - `restore`: it is looked for, and the newest snapshot that may need the object is restored;
 * - `look`: it is looked for.
 */
export type Depth = 'deep' | 'restore' | 'look';

export async function examine(damage: Damage, depth: Depth): Promise<void> {
  await reset();
  await damage.do();
  const row = rowFor(damage);
  const decrypts = depth === 'deep' && ['pack', 'epoch'].includes(damage.kind);
  const report = await check(decrypts ? 'decrypt' : 'checksum');
  const results: Restored[] = [];
  for (const one of toRestore(damage, depth)) results.push(await restored(one));
  if (depth !== 'look' && ['writer', 'approval'].includes(damage.kind)) await judgeElsewhere(damage, row, report);
  judgeRestores(damage, row, results, report);
  const allWhole = results.every(({ isWhole }) => isWhole);
  judgeFindings(damage, row, report, allWhole);
  if (depth === 'deep') await judgeRuns(damage, row, report);
}

function toRestore(damage: Damage, depth: Depth): readonly Made[] {
  if (depth === 'look') return [];
  if (depth === 'restore') return [nearest(damage)];
  // The first and the last of a chain, one of the same domain, and one of another.
  return made.filter((one, i) => i !== 1 || one.created.includes(damage.key));
}

export function judgeFindings(damage: Damage, row: Row, report: VerifyReport, allWhole: boolean): void {
  if (report.findings.length === 0 && report.failure === undefined && !names(report, damage.key)) {
    if (allWhole && isHarmless(damage)) row.meaningless += 1;
    else {
      row.undetected += 1;
      complain(damage, 'no verification finds it');
    }
    return;
  }
  row.detected += 1;
  if (names(report, damage.key)) row.named += 1;
  else complain(damage, `is not named: ${report.failure?.message ?? report.findings.map(({ object }) => object)}`);
}

/** The newest snapshot of the source whose run made an object. */
function nearest({ key }: Damage): Made {
  const maker = made.find(({ created }) => created.includes(key)) ?? made[2];
  return made.findLast(({ source }) => source.name === maker?.source.name) ?? assert.fail(key);
}

/**
 * Losing an index costs time, the time in a marker says nothing, a session that ended may go, and a record of what was checked too: none of
 * it is damage (FORMAT.md, 7, 12, 17a and 17b).
 */
function isHarmless({ kind, how }: Damage): boolean {
  return (
    (['index', 'session', 'check'].includes(kind) && how === 'removed') ||
    (kind === 'marker' && /^(flipped|all over)/.test(how))
  );
}

function judgeRestores(damage: Damage, row: Row, results: readonly Restored[], report: VerifyReport): void {
  for (const { made: one, wrong, silent } of results) {
    row.wrongBytes += wrong.length;
    if (wrong.length > 0) complain(damage, `${one.source.name} ${one.id} came back with wrong bytes: ${wrong}`);
    if (silent.length > 0) complain(damage, `${one.source.name} ${one.id} lacks ${silent} and nobody says so`);
  }
  row.restored += results.length > 0 ? 1 : 0;
  const newer = report.failure?.code === 'FORMAT_NEWER';
  const spared = results.filter(({ made: one, isWhole }) => isSpared(damage, one) && !isWhole && !newer);
  if (spared.length === 0 && results.length > 0) row.restRestored += 1;
  for (const { made: one, report: ended } of spared) {
    const why = ended.failure ?? ended.skipped[0]?.failure;
    complain(damage, `${one.source.name} ${one.id} does not need it, and is not whole: ${why?.code} ${why?.message}`);
  }
  const said = new Set(report.findings.flatMap(({ snapshots, object }) => [...snapshots, object]));
  const unsaid = results.filter(({ made: { id, key }, isWhole }) => !isWhole && !said.has(id) && !said.has(key));
  if (unsaid.length > 0 && !newer)
    complain(damage, `verify does not say that it affects ${unsaid.map(({ made: { id } }) => id)}`);
}

/** There it comes back whole, or not at all, because nobody vouches for it; and then a verification here has said so. */
async function judgeElsewhere(damage: Damage, row: Row, report: VerifyReport): Promise<void> {
  const last = nearest(damage);
  const { isWhole, wrong, report: ended } = await elsewhere(() => restored(last));
  row.wrongBytes += wrong.length;
  if (isWhole) return;
  if (damage.kind !== 'approval' || ended.failure?.code !== 'WRITER_UNAPPROVED') {
    return complain(damage, `not whole on another machine: ${ended.failure?.code} ${ended.failure?.message}`);
  }
  const said = report.findings.some(({ snapshots }) => snapshots.includes(last.id));
  if (!said && !report.notes.some((note) => isOfNoApproval(note, damage.key)))
    complain(damage, `verify does not say that another machine does not trust ${last.id}`);
}

/** The next run heals it, or something says what to do; when that is done, it does. */
async function judgeRuns(damage: Damage, row: Row, report: VerifyReport): Promise<void> {
  row.run += 1;
  const last = nearest(damage);
  const { problems, failure } = await r.run(jobOf(r, last.source.name));
  if (await latestIsWhole(damage, last)) {
    row.healed += 1;
    return;
  }
  const said = [failure, ...problems, report.failure, ...report.findings.map((finding) => finding.failure)];
  const advice = said.find((one) => /--set-aside|move|Upgrade|bring|keys approve/.test(one?.hint ?? ''));
  if (advice === undefined) return complain(damage, 'nothing heals it, and nobody says what to do');
  if (advice.hint?.includes('holdfast repair --set-aside`')) await repair(r, { setAsidePacks: true });
  else await mendByHand(damage);
  const again = await r.run(jobOf(r, last.source.name));
  if (await latestIsWhole(damage, last)) row.healed += 1;
  else complain(damage, `not healed by what is said to do: ${again.failure?.code} ${advice.hint}`);
}

/** Away with what is damaged; of a marker, back with the right one. */
async function mendByHand({ kind, key }: Damage): Promise<void> {
  await rm(r.path(key), { recursive: true, force: true });
  if (kind === 'marker') await replace(key, await original(key));
  if (kind === 'approval') await r.approve((await loadHostKeys(r.engine.stateFolder)) ?? assert.fail());
}

async function latestIsWhole({ kind }: Damage, last: Made): Promise<boolean> {
  const latest = () => restored(last, 'latest');
  return (await (kind === 'approval' ? elsewhere(latest) : latest())).isWhole;
}
