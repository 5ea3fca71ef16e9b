import { createHash } from 'node:crypto';
import { checkKey, parseCheckKey } from './check-key.ts';
import type { RecordReader } from './keys/record.ts';
import { openObject, signObject } from './keys/signed-object.ts';
import type { Signer } from './keys/signing.ts';
import type { Refuse } from './record-fields.ts';

/** How deep a verification goes: each level includes the ones before it; the first two need no key that reads. */
export const LEVELS = ['list', 'checksum', 'decrypt', 'restore'] as const;
export type Level = (typeof LEVELS)[number];

/** So many damaged objects are named; all of them are counted. */
export const MAX_NAMED = 100;
/** No record is larger, so that reading many of them stays cheap; bytes. */
export const MAX_CHECK_BYTES = 65_536;
/** The share of a budget is counted in millionths. */
const WHOLE = 1_000_000;

/** How far one level of a verification came on a target. Sizes in bytes. */
export interface CheckedPart {
  readonly level: 'checksum' | 'decrypt';
  /** Objects that were looked at, of all there were. */
  readonly read: number;
  readonly readBytes: number;
  readonly objects: number;
  readonly bytes: number;
}

/** What a verification of one target came to, as its writer signed it. It names objects, and never what lies in a backup. */
export interface CheckRecord {
  readonly repository: string;
  readonly writer: string;
  /** As the policy calls it: a record that is copied to another target says nothing there. */
  readonly target: string;
  readonly level: Level;
  /** The only source that was looked at; '' when all were. */
  readonly source: string;
  /** By the clock of the writer, ISO 8601. */
  readonly begun: string;
  readonly ended: string;
  /** `share`: from 0 to 1, 1 when there was no limit; `maxMs`: milliseconds, 0 when there was none. */
  readonly budget: { readonly share: number; readonly maxMs: number };
  readonly snapshots: number;
  /** How many entries were restored and compared. */
  readonly restored: number;
  readonly coverage: readonly CheckedPart[];
  /** How many findings, by code, ascending. */
  readonly findings: readonly { readonly code: string; readonly count: number }[];
  /** Keys of the objects that they are about, as far as they are objects: the first {@link MAX_NAMED}. */
  readonly damaged: readonly string[];
  readonly verdict: 'ok' | 'damaged';
  /** Version of the agent that verified. */
  readonly agent: string;
}

export function encodeCheck(check: CheckRecord, signer: Signer): { readonly key: string; readonly bytes: Uint8Array } {
  const { budget, coverage, findings, ...rest } = check;
  const { share, maxMs } = budget;
  const value = {
    ...rest,
    damaged: [...check.damaged],
    budget: { share: Math.max(1, Math.round(share * WHOLE)), time: maxMs },
    coverage: coverage.map(({ level, read, readBytes, objects, bytes }) => ({
      level,
      read,
      readBytes,
      objects,
      bytes,
    })),
    findings: findings.map(({ code, count }) => ({ code, count })),
  };
  const bytes = signObject('check', value, signer);
  return { key: checkKey({ writer: check.writer, ended: check.ended, name: sha256(bytes) }), bytes };
}

/** Reads the object under `key`, signed with `publicKey`. Throws OBJECT_DAMAGED, FORMAT_NEWER, SIGNATURE_INVALID. */
export function decodeCheck(
  bytes: Uint8Array,
  o: { readonly key: string; readonly publicKey: Uint8Array; readonly repository: string },
): CheckRecord {
  const { record, check: checkSignature, refuse } = openObject(bytes, 'check', o.key);
  const name = parseCheckKey(o.key) ?? refuse('that is not where a check lies');
  if (bytes.length > MAX_CHECK_BYTES) refuse('no check is that large');
  if (sha256(bytes) !== name.name) refuse('its SHA-256 is not its name');
  checkSignature(o.publicKey);
  const check: CheckRecord = {
    repository: record.id('repository'),
    writer: record.id('writer'),
    target: record.text('target'),
    level: oneOf(record.text('level'), LEVELS, refuse),
    source: record.text('source'),
    begun: record.time('begun'),
    ended: record.time('ended'),
    budget: budgetOf(record.record('budget'), refuse),
    snapshots: record.number('snapshots'),
    restored: record.number('restored'),
    coverage: record.records('coverage').map((one) => partOf(one, refuse)),
    findings: record.records('findings').map((one) => findingsOf(one)),
    damaged: record.texts('damaged'),
    verdict: oneOf(record.text('verdict'), ['ok', 'damaged'], refuse),
    agent: record.text('agent'),
  };
  record.end();
  refuseContradiction(check, refuse);
  if (check.writer !== name.writer || check.ended !== name.ended) refuse('it belongs to another key');
  if (check.repository !== o.repository) refuse('it belongs to another repository');
  return check;
}

/** Whether it looked at all there was, as far as its level goes. */
export function isWhole({ source, budget, coverage }: CheckRecord): boolean {
  return source === '' && budget.share === 1 && coverage.every(({ read, objects }) => read === objects);
}

function budgetOf(record: RecordReader, refuse: Refuse): CheckRecord['budget'] {
  const [share, maxMs] = [record.number('share'), record.number('time')];
  record.end();
  if (share < 1 || share > WHOLE) refuse('its share is none');
  return { share: share / WHOLE, maxMs };
}

function partOf(record: RecordReader, refuse: Refuse): CheckedPart {
  const part: CheckedPart = {
    level: oneOf(record.text('level'), ['checksum', 'decrypt'], refuse),
    read: record.number('read'),
    readBytes: record.number('readBytes'),
    objects: record.number('objects'),
    bytes: record.number('bytes'),
  };
  record.end();
  if (part.read > part.objects || part.readBytes > part.bytes) refuse('it read more than there was');
  return part;
}

function findingsOf(record: RecordReader): CheckRecord['findings'][number] {
  const findings = { code: record.text('code'), count: record.number('count') };
  record.end();
  return findings;
}

function refuseContradiction({ level, coverage, findings, damaged, verdict }: CheckRecord, refuse: Refuse): void {
  const levels = coverage.map((part) => part.level);
  const deeper = levels.some((one) => LEVELS.indexOf(one) > LEVELS.indexOf(level));
  if (deeper || new Set(levels).size < levels.length) refuse('it covers what is not its level');
  const codes = findings.map(({ code }) => code);
  if (codes.some((code, i) => i > 0 && code <= (codes[i - 1] ?? ''))) refuse('its findings are out of order');
  if (findings.some(({ count }) => count === 0)) refuse('it counts findings that are none');
  const all = findings.reduce((sum, { count }) => sum + count, 0);
  if ((verdict === 'ok') !== (all === 0)) refuse('its verdict is not that of its findings');
  if (damaged.length > Math.min(all, MAX_NAMED)) refuse('it names more than it found');
}

function oneOf<T extends string>(text: string, known: readonly T[], refuse: Refuse): T {
  return known.find((one) => one === text) ?? refuse('a field says something that this version does not know');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
