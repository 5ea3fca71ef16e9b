import type { AttributeName } from './attributes.ts';

export type InstrumentKind = 'counter' | 'gauge' | 'histogram';

export interface Instrument {
  readonly kind: InstrumentKind;
  /** UCUM, as OpenTelemetry wants it: `s`, `By`, or what is counted, in braces. */
  readonly unit: string;
  readonly description: string;
  /** Few values each, never a path or an id: every combination is a time series of its own. */
  readonly attributes: readonly AttributeName[];
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** One second to twelve hours: the SDK's own buckets end at ten seconds when the unit is seconds. */
const RUN_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200];

const JOB = ['holdfast.job.name', 'holdfast.source.type'] as const;
const RESTORED = ['holdfast.source.name', 'holdfast.source.type', 'holdfast.outcome'] as const;

/** Every metric that is sent, by its name. docs/telemetry.md is made from this table. */
export const INSTRUMENTS = {
  'holdfast.run.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long runs took, from opening the targets to the signed snapshot.',
    attributes: [...JOB, 'holdfast.outcome'],
    buckets: RUN_SECONDS,
  },
  'holdfast.job.last_success.time': {
    kind: 'gauge',
    unit: 's',
    description:
      'When the last run of the job ended that left nothing out, in seconds since 1970. A failed run repeats it: alert on its age.',
    attributes: JOB,
  },
  'holdfast.source.size': {
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes of content in the last snapshot of the job, whether they were read anew or not.',
    attributes: JOB,
  },
  'holdfast.source.read': {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of content that were read and cut into chunks. Unchanged files are not read.',
    attributes: JOB,
  },
  'holdfast.content.stored': {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes that new content became once it was deduplicated, compressed and encrypted.',
    attributes: JOB,
  },
  'holdfast.repository.growth': {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes of packs and index fragments that were written to a target.',
    attributes: ['holdfast.job.name', 'holdfast.target.name'],
  },
  'holdfast.target.snapshots': {
    kind: 'counter',
    unit: '{snapshot}',
    description: 'Snapshots that a target got (stored), and that it should have got and did not (left_out).',
    attributes: ['holdfast.job.name', 'holdfast.target.name', 'holdfast.outcome'],
  },
  'holdfast.chunks': {
    kind: 'counter',
    unit: '{chunk}',
    description: 'Chunks that were read: new ones, and those that the repository had already.',
    attributes: [...JOB, 'holdfast.chunk.state'],
  },
  'holdfast.stage.busy': {
    kind: 'counter',
    unit: 's',
    description: 'Time that a stage of the pipeline was busy, added up over all workers.',
    attributes: ['holdfast.job.name', 'holdfast.stage'],
  },
  'holdfast.stage.io': {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes that went into a stage of the pipeline, and that came out of it.',
    attributes: ['holdfast.job.name', 'holdfast.stage', 'holdfast.stage.direction'],
  },
  'holdfast.artifacts': {
    kind: 'counter',
    unit: '{artifact}',
    description: 'Artifacts that were stored, and that failed and with them their run.',
    attributes: [...JOB, 'holdfast.outcome'],
  },
  'holdfast.skipped': {
    kind: 'counter',
    unit: '{item}',
    description: 'Files and other parts of a source that could not be read. A run that skipped any is incomplete.',
    attributes: JOB,
  },
  'holdfast.restore.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long restores took, unlocking included.',
    attributes: RESTORED,
    buckets: RUN_SECONDS,
  },
  'holdfast.restore.io': {
    kind: 'counter',
    unit: 'By',
    description: 'Bytes that restores wrote or handed out.',
    attributes: RESTORED,
  },
  'holdfast.verify.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'How long checks of the repository took.',
    attributes: ['holdfast.verify.level', 'holdfast.outcome'],
    buckets: RUN_SECONDS,
  },
  'holdfast.verify.findings': {
    kind: 'counter',
    unit: '{finding}',
    description: 'What checks of the repository found damaged or missing.',
    attributes: ['holdfast.verify.level'],
  },
} as const satisfies Readonly<Record<string, Instrument>>;

export type InstrumentName = keyof typeof INSTRUMENTS;

/** Exactly the attributes that the table gives this instrument. */
export type MeasuredBy<Name extends InstrumentName> = Readonly<
  Record<(typeof INSTRUMENTS)[Name]['attributes'][number], string>
>;
