import type { AttributeName } from './attributes.ts';

export interface EventDescription {
  readonly description: string;
  readonly severity: string;
  readonly attributes: readonly AttributeName[];
}

const FAILURE = [
  'error.type',
  'holdfast.failure.origin',
  'holdfast.failure.permanent',
  'holdfast.failure.hint',
] as const;

/** The log records that the agent itself sends, by their event name. docs/telemetry.md is made from this table. */
export const EVENTS = {
  'holdfast.run.ended': {
    description: 'A run has ended.',
    severity: 'INFO; WARN when incomplete or cancelled; ERROR when failed',
    attributes: [
      'holdfast.job.name',
      'holdfast.source.name',
      'holdfast.source.type',
      'holdfast.outcome',
      'holdfast.snapshot.id',
      'holdfast.run.skipped',
      'holdfast.run.targets_left_out',
      ...FAILURE,
    ],
  },
  'holdfast.restore.ended': {
    description: 'A restore has ended.',
    severity: 'as above',
    attributes: [
      'holdfast.source.name',
      'holdfast.source.type',
      'holdfast.outcome',
      'holdfast.snapshot.id',
      'holdfast.restore.bytes',
      ...FAILURE,
    ],
  },
  'holdfast.verify.ended': {
    description: 'A check of the repository has ended.',
    severity: 'as above; ERROR when damaged',
    attributes: ['holdfast.verify.level', 'holdfast.outcome', 'holdfast.verify.findings', ...FAILURE],
  },
  'holdfast.skipped': {
    description: 'Something was left out of a backup or a restore. At most 256 a run, then one that counts the others.',
    severity: 'WARN',
    attributes: ['holdfast.skipped.what', ...FAILURE],
  },
  'holdfast.target.left_out': {
    description: 'A target did not get the snapshot of a run, which is incomplete for that.',
    severity: 'WARN',
    attributes: ['holdfast.job.name', 'holdfast.target.name', ...FAILURE],
  },
  'holdfast.problem': {
    description: 'Something was noticed that did not stop the run. At most 256 a run, then one that counts the others.',
    severity: 'WARN',
    attributes: [...FAILURE],
  },
  'holdfast.verify.finding': {
    description: 'Something is damaged or missing. At most 256 a run, then one that counts the others.',
    severity: 'ERROR',
    attributes: ['holdfast.verify.level', 'holdfast.target.name', 'holdfast.object.key', ...FAILURE],
  },
} as const satisfies Readonly<Record<string, EventDescription>>;

export type EventName = keyof typeof EVENTS;
