import type { Json } from '../contract/index.ts';
import type { Value } from './encoding.ts';
import { isMap, jsonOf, listOf, type Refuse, splitRecord } from './record-fields.ts';

/** An artifact as it can be known without a key. `size` is in bytes of plaintext, `entries` 0 for a stream. */
export interface ArtifactSummary {
  readonly name: string;
  readonly kind: 'bytes' | 'tree';
  readonly facts: Json;
  readonly size: number;
  readonly entries: number;
}

/** How many entries are listed of a snapshot: of a tree what it has, and each stream is one. */
export function countEntries(artifacts: readonly ArtifactSummary[]): number {
  return artifacts.reduce((sum, { kind, entries }) => sum + (kind === 'tree' ? entries : 1), 0);
}

/** What a snapshot says to everyone, signed by its writer. Ids are 32 hex digits, times ISO 8601 in UTC with milliseconds. */
export interface SnapshotHeader {
  readonly repository: string;
  readonly domain: string;
  readonly epoch: string;
  readonly writer: string;
  readonly job: string;
  readonly source: string;
  /** Counts from 1 within one writer and job. */
  readonly sequence: number;
  /** SHA-256 in hex of the snapshot object before it, of the same writer and job; '' for the first. */
  readonly previous: string;
  readonly started: string;
  readonly finished: string;
  readonly verdict: 'complete' | 'incomplete';
  readonly host: string;
  /** SHA-256 in hex. */
  readonly policyHash: string;
  /** Source, chunker and codec: their versions, the modules of those from outside, the parameters of stages. */
  readonly pipeline: Json;
  readonly artifacts: readonly ArtifactSummary[];
  readonly facts: Json;
  /** Logs without which this snapshot cannot be restored. */
  readonly needs: readonly { readonly log: string; readonly from: Json }[];
  readonly counters: Readonly<Record<string, number>>;
  /** How many things could not be captured; what they are stands in the body. */
  readonly skipped: number;
  /** Version of the agent that wrote it. */
  readonly agent: string;
}

const HASH = /^[0-9a-f]{64}$/;

/** The CBOR value of a header: every field under its own name. */
export function headerValue(header: SnapshotHeader): Value {
  return {
    ...header,
    artifacts: header.artifacts.map(({ name, kind, facts, size, entries }) => ({ name, kind, facts, size, entries })),
    needs: header.needs.map(({ log, from }) => ({ log, from })),
  };
}

/** Takes a header out of decoded CBOR; `refuse` for a field that is missing, malformed or unknown. */
export function headerOf(value: Value, refuse: Refuse): SnapshotHeader {
  const json = ['pipeline', 'artifacts', 'facts', 'needs', 'counters'] as const;
  const { record, raw } = splitRecord(value, json, refuse);
  const header: SnapshotHeader = {
    repository: record.id('repository'),
    domain: record.id('domain'),
    epoch: record.id('epoch'),
    writer: record.id('writer'),
    job: record.text('job'),
    source: record.text('source'),
    sequence: record.number('sequence'),
    previous: hashOf(record.text('previous'), refuse, ''),
    started: record.time('started'),
    finished: record.time('finished'),
    verdict: oneOf(record.text('verdict'), ['complete', 'incomplete'], refuse),
    host: record.text('host'),
    policyHash: hashOf(record.text('policyHash'), refuse),
    pipeline: jsonOf(raw.pipeline, refuse),
    artifacts: listOf(raw.artifacts, refuse).map((item) => artifactOf(item, refuse)),
    facts: jsonOf(raw.facts, refuse),
    needs: listOf(raw.needs, refuse).map((item) => needOf(item, refuse)),
    counters: countersOf(raw.counters, refuse),
    skipped: record.number('skipped'),
    agent: record.text('agent'),
  };
  record.end();
  if ((header.sequence === 1) !== (header.previous === '')) refuse('only a first snapshot follows none');
  if (new Set(header.artifacts.map(({ name }) => name)).size < header.artifacts.length)
    refuse('two artifacts have one name');
  if (header.skipped > 0 && header.verdict === 'complete') refuse('it says complete of a run that skipped something');
  return header;
}

function artifactOf(value: Value, refuse: Refuse): ArtifactSummary {
  const { record, raw } = splitRecord(value, ['facts'], refuse);
  const artifact: ArtifactSummary = {
    name: record.text('name'),
    kind: kindOf(record.text('kind'), refuse),
    facts: jsonOf(raw.facts, refuse),
    size: record.number('size'),
    entries: record.number('entries'),
  };
  record.end();
  if (artifact.kind === 'bytes' && artifact.entries !== 0) refuse('a stream has no entries');
  return artifact;
}

export function kindOf(text: string, refuse: Refuse): 'bytes' | 'tree' {
  return oneOf(text, ['bytes', 'tree'], refuse);
}

function needOf(value: Value, refuse: Refuse): { log: string; from: Json } {
  const { record, raw } = splitRecord(value, ['from'], refuse);
  const need = { log: record.text('log'), from: jsonOf(raw.from, refuse) };
  record.end();
  return need;
}

function countersOf(value: Value, refuse: Refuse): Record<string, number> {
  if (!isMap(value)) return refuse('its counters are not a map');
  return Object.fromEntries(
    Object.entries(value).map(([name, count]) => [
      name,
      typeof count === 'number' ? count : refuse('a counter is no number'),
    ]),
  );
}

function hashOf(text: string, refuse: Refuse, none?: string): string {
  return HASH.test(text) || text === none ? text : refuse('a hash is none');
}

function oneOf<T extends string>(text: string, known: readonly T[], refuse: Refuse): T {
  return known.find((one) => one === text) ?? refuse(`a field says something that this version does not know`);
}
