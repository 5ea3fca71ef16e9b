import type { Json } from '../contract/index.ts';
import type { Path } from './diagnostic.ts';
import { nearest } from './nearest.ts';
import { isSchema } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import { parseSchedule, type Schedule, type ScheduleMistake } from './schedule.ts';
import { meantBy } from './schedule-words.ts';
import { ScheduleFields } from './sections/schedules.ts';
import { checkAgainst } from './shape.ts';

/** The schedules of a policy's jobs by the names of the jobs, and what is wrong with any schedule in it. */
export function readSchedules(content: Json): { read: Map<string, Schedule>; problems: Problem[] } {
  const schedules = new Schedules();
  for (const [name, written] of entriesOf(content, 'schedules')) schedules.declare(name, written);
  const read = new Map<string, Schedule>();
  for (const [name, job] of entriesOf(content, 'jobs')) {
    const schedule = schedules.used(isSchema(job) ? job['schedule'] : undefined, ['jobs', name, 'schedule']);
    if (schedule !== undefined) read.set(name, schedule);
  }
  for (const [name, plan] of entriesOf(content, 'plans')) {
    const drill = isSchema(plan) ? plan['drill'] : undefined;
    schedules.used(isSchema(drill) ? drill['schedule'] : undefined, ['plans', name, 'drill', 'schedule']);
  }
  return { read, problems: schedules.problems };
}

class Schedules {
  readonly problems: Problem[] = [];
  /** By name; `undefined` for those that are declared with a mistake. */
  readonly #declared = new Map<string, Schedule | undefined>();

  declare(name: string, written: unknown): void {
    const schedule = this.#read(written, ['schedules', name]);
    this.#declared.set(name, schedule && { ...schedule, name });
  }

  /** A schedule where it is used: by its name, or as it is. */
  used(written: unknown, at: Path): Schedule | undefined {
    if (typeof written !== 'string' || !this.#isName(written)) return this.#read(written, at);
    if (!this.#declared.has(written)) this.problems.push(unknown(written, [...this.#declared.keys()], at));
    return this.#declared.get(written);
  }

  /** One word that is no schedule itself is the name of one. */
  #isName(text: string): boolean {
    return this.#declared.has(text) || (/^[a-z][\w.-]*$/i.test(text) && 'mistake' in parseSchedule(text));
  }

  #read(written: unknown, at: Path): Schedule | undefined {
    const result = written === undefined ? undefined : readSchedule(written, at);
    if (result === undefined) return undefined;
    if ('schedule' in result) return result.schedule;
    this.problems.push(result.problem);
    return undefined;
  }
}

function unknown(name: string, names: readonly string[], path: Path): Problem {
  const suggestion = meantBy(name) ?? nearest(name, [...names, 'hourly']);
  const hint =
    names.length === 0
      ? 'write a schedule (daily at 02:00), or declare one under "schedules"'
      : `declared under "schedules": ${names.slice(0, 12).join(', ')}`;
  const message = `there is no schedule "${name}"`;
  return { code: 'HF3006', message, path, on: 'value', suggestion, hint: suggestion === undefined ? hint : undefined };
}

/** `undefined` when the value has another mistake, which the check of its shape tells. */
function readSchedule(written: unknown, at: Path): { schedule: Schedule } | { problem: Problem } | undefined {
  if (typeof written !== 'string' && !isFields(written, at)) return undefined;
  const result = parseSchedule(written);
  if ('schedule' in result) return result;
  return { problem: problemOf(result.mistake, at) };
}

function isFields(written: unknown, at: Path): written is ScheduleFields {
  return (
    isSchema(written) &&
    isSchema(ScheduleFields) &&
    checkAgainst(ScheduleFields, structuredClone(written), at).length === 0
  );
}

function problemOf({ field, ...mistake }: ScheduleMistake, at: Path): Problem {
  return { ...mistake, path: field === undefined ? at : [...at, field], on: 'value' };
}

function entriesOf(content: Json, section: string): [string, unknown][] {
  const entries = isSchema(content) ? content[section] : undefined;
  return isSchema(entries) ? Object.entries(entries) : [];
}
