import type { TSchema } from 'typebox';
import { type Json, Type } from '../../contract/index.ts';
import { closed, hostNames, reference, timeSpan } from '../vocabulary.ts';
import { ScheduleOrName } from './schedules.ts';

const SELECT = 'Which part of the source; what can stand here depends on the source.';

/** Any selection: which one it may be is for the source to say. */
export const Job = jobSchema(Type.Unsafe<Json>({ description: SELECT }));

/** A job that selects by one of `selections`. */
export function jobThatSelects(selections: readonly TSchema[]) {
  return jobSchema(Type.Unsafe<Json>({ description: SELECT, anyOf: selections }));
}

function jobSchema<S extends TSchema>(select: S) {
  return closed('One source, backed up to some targets.', {
    source: reference('The source to back up: a name under "sources".', 'orders-db'),
    select: Type.Optional(select),
    schedule: Type.Optional(ScheduleOrName),
    pipeline: Type.String({
      description: 'How the data is processed: a name under "pipelines".',
      default: 'standard',
      minLength: 1,
    }),
    targets: Type.Array(reference('A name under "targets".', 'local'), {
      description: 'Where the backup goes: names under "targets". Each holds a complete copy.',
      examples: [['local', 'offsite']],
      minItems: 1,
      uniqueItems: true,
    }),
    retention: Type.String({
      description:
        'What is kept: a name under "retention". "default" exists without being declared and keeps everything.',
      examples: ['trading'],
      default: 'default',
      minLength: 1,
    }),
    recipients: Type.Optional(
      Type.Array(reference('A name under "recipients".', 'operations'), {
        description: 'Who can open these backups: names under "recipients". All of them by default.',
        minItems: 1,
        uniqueItems: true,
      }),
    ),
    hosts: Type.Optional(hostNames('The hosts that the job runs on; every host by default.')),
    enabled: Type.Boolean({
      description: 'Whether the job runs at all. One that does not is still checked.',
      default: true,
    }),
    timeout: Type.String({ ...timeSpan('A run that takes longer is cancelled.', '2h'), default: '24h' }),
  });
}
