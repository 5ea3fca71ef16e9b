import { Type } from '../../contract/index.ts';
import { closed, open, reference, timeSpan } from '../vocabulary.ts';
import { ScheduleOrName } from './schedules.ts';

const text = (description: string, ...examples: string[]) => Type.String({ description, examples, minLength: 1 });
const names = (description: string, example: string) =>
  Type.Array(text(description, example), { description, minItems: 1 });

/** What names a snapshot: a word, the beginning of an id, or a day or a time as people and ISO 8601 write them. */
const POINT_PATTERN =
  '^(latest|[0-9a-f]{4,64}|\\d{4}-\\d\\d-\\d\\d([ T]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?\\s?(Z|[+-]\\d\\d:?\\d\\d)?)?)$';

/** What a step does: exactly one of these. */
export const STEP_ACTIONS = ['restore', 'start', 'stop', 'check', 'command', 'confirm', 'plan'] as const;

const actions = {
  restore: Type.Optional(reference('Restore this source: a name under "sources".', 'orders-db')),
  start: Type.Optional(names('Start these systemd units, in this order.', 'postgresql.service')),
  stop: Type.Optional(names('Stop these systemd units, in this order.', 'trading-api.service')),
  check: Type.Optional(
    open('Ask a running system a question; the step fails until the answer is right.', {
      type: text('What asks.', 'http', 'tcp', 'sql'),
    }),
  ),
  command: Type.Optional(names('Run this program with these arguments, without a shell.', '/usr/local/bin/warm-up')),
  confirm: Type.Optional(text('Wait until somebody has confirmed this.', 'The exchange has been told.')),
  plan: Type.Optional(reference('Follow another plan: a name under "plans".', 'database-only')),
};
const manner = {
  name: Type.Optional(text('What the step is called in reports.', 'Orders are back')),
  at: Type.Optional(
    Type.String({
      description: 'With "restore": "latest", which is the default, a day or a time, or the id of a snapshot.',
      examples: ['latest', '2026-11-20 14:00'],
      pattern: POINT_PATTERN,
    }),
  ),
  into: Type.Optional(text('With "restore": where to, instead of where it was.', '/srv/restored')),
  timeout: Type.Optional(timeSpan('The step fails when it takes longer.', '5m')),
  optional: Type.Optional(Type.Boolean({ description: 'Go on with the plan when this step fails.', default: false })),
};
const Step = closed('One step: exactly one of restore, start, stop, check, command, confirm and plan.', {
  ...actions,
  ...manner,
});
const Steps = closed('One step, or several at a time.', {
  ...actions,
  parallel: Type.Optional(
    Type.Array(Step, { description: 'Do these at the same time, and wait for all.', minItems: 1 }),
  ),
  ...manner,
});

export const Plan = closed('A recovery plan: steps in order, with checks.', {
  description: Type.Optional(text('What it is for.', 'The whole platform, from nothing.')),
  rto: Type.Optional(timeSpan('It is promised to take at most so long.', '5m')),
  steps: Type.Array(Steps, {
    description: 'What is done, in this order. A step that fails ends the plan.',
    minItems: 1,
  }),
  drill: Type.Optional(
    closed('Rehearsals: the plan is followed on scratch places, timed, and cleaned up.', {
      schedule: ScheduleOrName,
    }),
  ),
});
