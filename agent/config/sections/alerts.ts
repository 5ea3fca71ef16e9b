import type { TProperties } from 'typebox';
import { Type } from '../../contract/index.ts';
import { closed, reference, span, timeSpan } from '../vocabulary.ts';

const names = (description: string, example: string) =>
  Type.Optional(Type.Array(reference(description, example), { description, minItems: 1, uniqueItems: true }));

/** What people can be told of, each with what it takes to say when. */
function alert<P extends TProperties>(when: string, what: string, fields: P) {
  return closed(what, {
    when: Type.Literal(when, { description: what }),
    ...fields,
    severity: Type.Enum(['info', 'warning', 'critical'], { description: 'How bad it is.', default: 'warning' }),
    notify: Type.Array(reference('A name under "notifiers".', 'operations-mail'), {
      description: 'Who is told: names under "notifiers".',
      default: [],
      uniqueItems: true,
    }),
    repeat: Type.Optional(timeSpan('Tell again after so long, as long as it holds. Told once by default.', '1h')),
  });
}

const jobs = names('Only of these jobs; of all by default.', 'orders-tables');
const targets = names('Only of these targets; of all by default.', 'offsite');
const plans = names('Only of these recovery plans; of all by default.', 'whole-platform');

export const Alert = Type.Union(
  [
    alert('run.failed', 'A job failed.', { jobs }),
    alert('run.incomplete', 'A job finished, and something was left out.', { jobs }),
    alert('run.slow', 'A job takes long.', { longer: timeSpan('Longer than this.', '2h'), jobs }),
    alert('backup.overdue', 'A job has had no success for long.', { after: timeSpan('For so long.', '25h'), jobs }),
    alert('objective.missed', 'A source is older than its RPO, or took longer than its RTO.', { jobs }),
    alert('gap.found', 'There is a hole in what can be recovered.', { jobs }),
    alert('integrity.failed', 'A check of what is stored found something wrong.', { targets }),
    alert('storage.used', 'A target fills up.', {
      above: Type.String({
        description: 'So much of it is used.',
        examples: ['85%'],
        pattern: '^(100|0?[1-9]|[1-9]\\d)%$',
      }),
      targets,
    }),
    alert('target.unreachable', 'A target cannot be reached.', {
      longer: Type.Optional(span('For longer than this.', '10m')),
      targets,
    }),
    alert('drill.failed', 'A rehearsal of a recovery plan failed, or took longer than promised.', { plans }),
    alert('key.unopened', 'No recipient has shown for long that he can open the backups.', {
      after: timeSpan('For so long.', '7d'),
    }),
  ],
  { description: 'A rule: when it holds, somebody is told.' },
);

export const ALERTS: readonly string[] = Alert.anyOf.map(({ properties }) => String(properties.when.const));
