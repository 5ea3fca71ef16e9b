import type { Change } from './changes.ts';
import { type Both, type Consequence, type Kind, missing, note, risk } from './consequence.ts';
import { spokenSpan } from './duration.ts';
import { holdConsequences } from './hold-consequences.ts';
import { retentionConsequences } from './retention-consequences.ts';
import type { Schedule } from './schedule.ts';
import { longestGap } from './schedule-times.ts';

/** What follows from one change, as far as the policies tell. */
export function consequencesOf(change: Change, both: Both): Consequence[] {
  const [section = '', name = '', field] = change.path;
  const kind = change.before === undefined ? 'added' : change.after === undefined ? 'removed' : 'changed';
  const whole = field === undefined;
  if (section === 'jobs') return whole ? wholeJob(name, kind, both) : jobField(name, field, change, both);
  if (section === 'schedules') return whole && kind !== 'changed' ? [] : ofSchedule(name, both);
  if (section === 'sources' && !whole) return sourceField(field, change);
  if (section === 'hosts') return hostField(change);
  if (section === 'retention') return retentionConsequences(kind, change, both);
  if (section === 'holds') return holdConsequences(change, both);
  if (section === 'pipelines') return kind === 'changed' ? [note(STORED_AGAIN_IF_CUT)] : [];
  if (section === 'targets') return targetField(kind, whole);
  if (section === 'recipients') return recipientField(name, kind, whole);
  if (section === 'domains') return domainField(name, field, kind, change);
  if (section === 'plugins') return [risk('plugins run with all rights of the agent')];
  if (section === 'plans' && kind === 'removed') return [risk('there is one recovery plan less')];
  if (section !== 'alerts') return [];
  return [kind === 'removed' ? risk('nobody is told of anything any more') : note('who is told of what is different')];
}

const STORED_AGAIN_IF_CUT =
  'chunks that come out otherwise than before are stored again: all of them when the cutting changes, new ones only when the compression does';

function wholeJob(name: string, kind: Kind, { before, after }: Both): Consequence[] {
  if (kind === 'added') return [note('its first run reads and stores everything of its source that is not stored yet')];
  const source = before.jobs[name]?.source.name;
  const still = Object.values(after.jobs).some((job) => job.source.name === source);
  const stays = note('what it stored stays until its retention ends');
  if (source === undefined || still) return [stays];
  return [risk(`source "${source}" is not protected any more`), stays];
}

function jobField(name: string, field: string, change: Change, both: Both): Consequence[] {
  const [before, after] = [both.before.jobs[name], both.after.jobs[name]];
  if (field === 'schedule') return scheduleConsequences(before?.schedule, after?.schedule);
  if (field === 'retention') {
    return [
      note(
        'another class is another domain: the next run stores everything that it lacks, and what is stored stays where it is',
      ),
    ];
  }
  if (field === 'pipeline') return [note(STORED_AGAIN_IF_CUT)];
  if (field === 'source') return [note('the next run stores everything of the other source')];
  if (field === 'enabled') {
    return change.after === false ? [risk('the job does not run any more')] : [note('the job runs again')];
  }
  if (field === 'hosts') {
    const lost = change.before === undefined ? ['all others'] : missing(change.before, change.after);
    return lost.length > 0 && change.after !== undefined
      ? [risk(`the job may not run any more on ${lost.join(', ')}`)]
      : [note('other hosts run the job than before')];
  }
  if (field === 'recipients') {
    const kept = after?.recipients.map(({ name: one }) => one) ?? [];
    const lost = before?.recipients.flatMap(({ name: one }) => (kept.includes(one) ? [] : [one])) ?? [];
    return [
      ...(lost.length > 0 ? [risk(`${lost.join(', ')} cannot open what is stored from now on`)] : []),
      RECIPIENTS,
    ];
  }
  if (field === 'timeout') return [note('a run that takes longer is cancelled')];
  if (field !== 'targets') return [];
  const gone = missing(change.before, change.after);
  const fresh = missing(change.after, change.before);
  return [
    ...(gone.length > 0 ? [risk(`nothing new goes to ${gone.join(', ')}; what lies there stays`)] : []),
    ...(fresh.length > 0 ? [note(`the next run brings all that it needs to ${fresh.join(', ')}`)] : []),
  ];
}

const RECIPIENTS = note('what is stored so far can be opened by those who could before, and by nobody else');

/** What a schedule with a name does to the jobs that have it before and after. */
function ofSchedule(name: string, { before, after }: Both): Consequence[] {
  return Object.values(after.jobs).flatMap((job) => {
    const was = before.jobs[job.name]?.schedule;
    if (job.schedule?.name !== name || was?.name !== name) return [];
    return scheduleConsequences(was, job.schedule).map(({ level, text }) => ({
      level,
      text: `job "${job.name}": ${text}`,
    }));
  });
}

function scheduleConsequences(before: Schedule | undefined, after: Schedule | undefined): Consequence[] {
  const worst = (schedule: Schedule | undefined) =>
    schedule === undefined ? Number.POSITIVE_INFINITY : longestGap(schedule) + schedule.jitterMs;
  const [was, is] = [worst(before), worst(after)];
  if (was === is) return [];
  if (is === Number.POSITIVE_INFINITY) return [risk('nothing says any more when it runs')];
  const text = `at most ${spokenSpan(is)} lie between two starts${Number.isFinite(was) ? `, before it was ${spokenSpan(was)}` : ''}`;
  return [is > was ? risk(text) : note(text)];
}

function sourceField(field: string, change: Change): Consequence[] {
  const gone = missing(change.before, change.after);
  const fresh = missing(change.after, change.before);
  if (field === 'paths' && gone.length > 0) return [risk(`not backed up any more: ${gone.join(', ')}`)];
  if (field === 'exclude' && fresh.length > 0)
    return [risk(`in no backup from now on: what matches ${fresh.join(', ')}`)];
  if (field === 'objectives') return [note('what is promised is different; alerts and reports go by it')];
  if (field === 'exclude') return [note('what is excluded is in no backup from now on; what is no longer excluded is')];
  return [note('the next run reads the source as it is described now')];
}

function hostField({ path, after }: Change): Consequence[] {
  const disabled =
    JSON.stringify(after ?? null).includes('"enabled":false') || (path.at(-1) === 'enabled' && after === false);
  const where = path[1] ?? 'some hosts';
  return [disabled ? risk(`jobs do not run any more on ${where}`) : note(`only on ${where}`)];
}

function targetField(kind: Kind, whole: boolean): Consequence[] {
  if (whole && kind === 'removed') return [risk('what lies there is not used, extended or checked any more')];
  if (whole) return [note('a new target has to be made ready: holdfast init')];
  return [risk('if it is another place than before, what was stored is not there')];
}

const DOMAIN_ANEW = note(
  'another domain: the next runs of its classes store everything that it lacks, and what is stored stays where it is',
);

function domainField(name: string, field: string | undefined, kind: Kind, change: Change): Consequence[] {
  if (field === undefined && kind === 'removed') return [DOMAIN_ANEW];
  const fresh = field === 'hosts' ? missing(change.after, change.before) : field === undefined ? ['its hosts'] : [];
  const gone = field === 'hosts' ? missing(change.before, change.after) : [];
  return [
    ...(fresh.length > 0
      ? [
          risk(`${fresh.join(', ')} can make what others store in "${name}" unrestorable, and guess at its content`),
          note(`their jobs of "${name}" wait until they are approved for it: holdfast keys approve`),
        ]
      : []),
    ...(gone.length > 0
      ? [risk(`${gone.join(', ')} keep the secret of "${name}": only a new domain takes it away`)]
      : []),
    DOMAIN_ANEW,
  ];
}

function recipientField(name: string, kind: Kind, whole: boolean): Consequence[] {
  if (!whole) return [RECIPIENTS];
  if (kind !== 'removed') return [RECIPIENTS];
  return [
    risk(`"${name}" cannot open what is stored from now on`),
    risk(`hosts that only "${name}" approved are not trusted any more until somebody else approves them`),
    RECIPIENTS,
  ];
}
