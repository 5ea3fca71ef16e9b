import type { Json } from '../contract/index.ts';
import type { Change } from './changes.ts';
import { type Both, type Consequence, type Kind, note, risk } from './consequence.ts';
import { type Duration, parseDuration } from './duration.ts';
import type { Keep, RetentionSpec } from './policy.ts';

const SHOWN = 'plan shows which snapshots would be kept and removed';

/** What follows from a change of a retention class. */
export function retentionConsequences(kind: Kind, change: Change, both: Both): Consequence[] {
  const [, name = '', field] = change.path;
  if (field === undefined) {
    return kind === 'removed' ? [note(`no job may be of class "${name}" any more; what is stored in it stays`)] : [];
  }
  if (field === 'keep') return [change.after === undefined ? note('everything is kept') : keepConsequence(change)];
  if (field === 'targets') return tierConsequences(change, both);
  if (field === 'timezone') {
    return [risk('what stands for a month in one zone may be of the next in another: some have none then')];
  }
  if (field !== 'minimum' && field !== 'lock') return [];
  if (change.after === undefined) return [risk(`there is no ${field} any more`)];
  const text = 'what is promised is different, for what is stored already too';
  return [lengthOf(change.after) < lengthOf(change.before) ? risk(`less is promised: ${text}`) : note(text)];
}

/** Rules that are one by one at least what they were keep no less. */
function keepConsequence({ path, before, after }: Change): Consequence {
  const rule = path.length > 3;
  const less = rule ? lengthOf(after) < lengthOf(before) : before === undefined;
  return less ? risk(`less is kept: ${SHOWN}`) : note(SHOWN);
}

/** Every target on which a class keeps less than before, or promises nothing any more. */
function tierConsequences({ path, ...change }: Change, { before, after }: Both): Consequence[] {
  const [, name = '', , named, , rule] = path;
  if (rule !== undefined && change.before !== undefined && lengthOf(change.after) >= lengthOf(change.before))
    return [note(SHOWN)];
  const [was, is] = [before.retention[name], after.retention[name]];
  if (was === undefined || is === undefined) return [];
  const all = new Set([...Object.keys(was.targets), ...Object.keys(is.targets)]);
  const targets = named === undefined ? [...all] : [named];
  const told = targets.flatMap((target): Consequence[] => {
    const unpromised = is.minimum !== undefined && !hasOwn(was, target) && hasOwn(is, target);
    return [
      ...(keepsLess(keepOn(was, target), keepOn(is, target)) ? [risk(`less is kept on ${target}: ${SHOWN}`)] : []),
      ...(unpromised ? [risk(`the minimum of "${name}" is not promised on ${target} any more`)] : []),
    ];
  });
  return told.length > 0 ? told : [note(SHOWN)];
}

function hasOwn({ targets }: RetentionSpec, target: string): boolean {
  return Object.hasOwn(targets, target);
}

function keepOn(spec: RetentionSpec, target: string): Keep | undefined {
  return hasOwn(spec, target) ? spec.targets[target]?.keep : spec.keep;
}

const RULES = ['last', 'within', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** No rules keep everything. Of two sets of rules, one keeps no less when it is so rule by rule. */
function keepsLess(was: Keep | undefined, is: Keep | undefined): boolean {
  if (is === undefined || Object.keys(is).length === 0) return false;
  if (was === undefined || Object.keys(was).length === 0) return true;
  return RULES.some((rule) => amountOf(is[rule]) < amountOf(was[rule]));
}

function amountOf(value: number | Duration | undefined): number {
  return typeof value === 'object' ? daysOf(value) : (value ?? 0);
}

/** Of a count, or of a duration in days; what is not there is nothing. */
function lengthOf(value: Json | undefined): number {
  if (typeof value === 'number') return value;
  const duration = typeof value === 'string' ? parseDuration(value) : undefined;
  return duration === undefined ? 0 : daysOf(duration);
}

function daysOf({ months, milliseconds }: Duration): number {
  return months * 30.4 + milliseconds / 86_400_000;
}
