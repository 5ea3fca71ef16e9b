import type { AttributeName } from './attributes.ts';

export interface SpanDescription {
  /** As it is sent; what stands in `<>` differs. */
  readonly name: string;
  readonly below: string;
  readonly description: string;
  readonly attributes: readonly AttributeName[];
}

const STAGE = [
  'holdfast.artifact.name',
  'holdfast.artifacts',
  'holdfast.stage.busy',
  'holdfast.stage.bytes_in',
  'holdfast.stage.bytes_out',
  'holdfast.stage.calls',
  'holdfast.chunks',
  'holdfast.chunks.new',
  'holdfast.frames',
] as const;

const CAPTURED = [
  'holdfast.artifact.entries',
  'holdfast.artifact.size',
  'holdfast.artifact.unchanged',
  'holdfast.chunks',
  'holdfast.chunks.new',
  'holdfast.bytes.new',
  'holdfast.bytes.stored',
] as const;

/**
 * What the sources that are built in say of an artifact that is a table, by the semantic conventions:
 * https://opentelemetry.io/docs/specs/semconv/db/postgresql/. The search path is empty, so that the namespace is the database alone.
 */
const TABLE = [
  'db.system.name',
  'db.namespace',
  'db.collection.name',
  'db.operation.name',
  'db.response.returned_rows',
] as const;

/**
 * The spans that the agent itself makes; plugins put their own below them. A span that ends in a failure has the status error and
 * `error.type`. docs/telemetry.md is made from this table, and the acceptance tests hold what arrives against it.
 */
export const SPANS: readonly SpanDescription[] = [
  {
    name: 'backup <job>',
    below: 'TRACEPARENT, or nothing',
    description: 'one run of one job',
    attributes: [
      'holdfast.job.name',
      'holdfast.source.name',
      'holdfast.source.type',
      'holdfast.run.verdict',
      'holdfast.run.skipped',
      'holdfast.run.targets_left_out',
    ],
  },
  {
    name: 'restore <source>',
    below: 'TRACEPARENT, or nothing',
    description: 'one restore',
    attributes: ['holdfast.source.name', 'holdfast.source.type', 'holdfast.restore.verdict', 'holdfast.restore.bytes'],
  },
  {
    name: 'verify',
    below: 'TRACEPARENT, or nothing',
    description: 'one check of the repository',
    attributes: ['holdfast.verify.level', 'holdfast.verify.verdict', 'holdfast.verify.findings'],
  },
  {
    name: 'commit',
    below: 'the root',
    description: 'the phase of a backup that makes what was captured a snapshot',
    attributes: ['holdfast.snapshot.id', 'holdfast.snapshot.size'],
  },
  {
    name: '<phase>',
    below: 'the root',
    description:
      'the other phases: `open`, `capture` of a backup; `open`, `unlock`, `plan`, `restore` of a restore; `open`, `list`, `checksum`, `unlock`, `decrypt`, `restore`, `record` of a check',
    attributes: [],
  },
  {
    name: 'capture <tree or bytes>',
    below: 'capture',
    description: 'one artifact that was backed up; of a table with what a client of its database says',
    attributes: ['holdfast.artifact.name', 'holdfast.artifact.kind', ...CAPTURED, ...TABLE],
  },
  {
    name: 'capture rest',
    below: 'capture',
    description: 'above 256 artifacts: all but the 256 slowest, added up',
    attributes: ['holdfast.artifacts', ...CAPTURED],
  },
  {
    name: 'read <tree or bytes>',
    below: 'restore, plan',
    description: 'one artifact that was read back',
    attributes: ['holdfast.artifact.name', 'holdfast.artifact.kind', 'holdfast.artifact.size'],
  },
  {
    name: 'read rest',
    below: 'restore, plan',
    description: 'above 256 artifacts: all but the 256 that took the most work, added up',
    attributes: ['holdfast.artifacts', 'holdfast.artifact.size'],
  },
  {
    name: 'stage <stage>',
    below: 'capture, read',
    description:
      'what one stage of the pipeline did for the artifact above it; it spans the whole artifact, stages overlap',
    attributes: STAGE,
  },
];
