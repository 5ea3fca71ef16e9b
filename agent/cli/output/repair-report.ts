import type {
  RepairAction,
  RepairLoss,
  RepairOutcome,
  RepairPlan,
  RepairReport,
  RepairStep,
} from '../../recovery/repair-report.ts';
import { formatDuration } from './duration.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted, formatSize } from './size.ts';
import { renderFacts } from './table.ts';

/** So many objects are named on a terminal; all of them stand in the JSON document. */
const SHOWN = 40;
const SNAPSHOTS_SHOWN = 12;

const MARKS = {
  ok: ['green', '✔'],
  planned: ['cyan', '·'],
  declined: ['yellow', '■'],
  incomplete: ['yellow', '!'],
  lost: ['red', '✖'],
  failed: ['red', '✖'],
  cancelled: ['yellow', '■'],
} as const;

const DOES: Readonly<Record<RepairAction, string>> = {
  replace: 'move to quarantine, put a whole copy in its place',
  copy: 'copy from another target',
  'set aside': 'move to quarantine: it is of no use, or in the way of what replaces it',
  index: 'make an index of the packs that none names',
  'catch up': 'copy from another target, with all that it needs',
};

/** What is to be done, and what is lost, as somebody is asked about it. */
export function planLines({ steps, lost }: Pick<RepairPlan, 'steps' | 'lost'>, paint: Paint): string {
  return stepLines(steps, paint) + lossLines(lost, paint);
}

/** What was done on which target, and what is lost with it. */
export function renderRepair(report: RepairReport, paint: Paint): string {
  const { verdict, looked, steps, lost, notes, durationMs } = report;
  const [tone, mark] = MARKS[verdict];
  const done = steps.filter((step) => 'state' in step && step.state === 'done').length;
  const ended: Readonly<Record<typeof verdict, string>> = {
    ok: steps.length === 0 ? 'nothing is damaged or missing' : `${formatCounted(done, 'object')} repaired`,
    planned: steps.length === 0 ? 'there is nothing to repair' : `${formatCounted(steps.length, 'object')} to repair`,
    declined: 'nothing was changed',
    incomplete: `${formatCount(done)} of ${formatCounted(steps.length, 'object')} repaired`,
    lost: `${formatCount(done)} of ${formatCounted(steps.length, 'object')} repaired, ${formatCount(lost.length)} lost`,
    failed: 'failed',
    cancelled: 'cancelled',
  };
  const facts: [string, string][] = [
    ['looked at', `${formatCounted(looked.objects, 'object')}, ${formatSize(looked.bytes)}`],
    ...quarantines(steps).map((line): [string, string] => ['quarantine', line]),
    ...(notes.length > 0 ? [['note', notes.map(printable).join('\n')] as [string, string]] : []),
    ['took', formatDuration(durationMs)],
  ];
  const head = `${paint(tone, mark)} ${paint('bold', ended[verdict])}\n`;
  return planLines(report, paint) + head + renderFacts(facts, paint);
}

/** Where what was moved away lies now, a line for each target: a repair moves all to one folder. */
function quarantines(steps: RepairReport['steps']): string[] {
  const moved = steps.flatMap((step) =>
    'movedTo' in step && step.movedTo !== undefined ? [{ ...step, to: step.movedTo }] : [],
  );
  return [...Map.groupBy(moved, ({ target }) => target)].map(([target, of]) => {
    const [{ to, object } = { to: '', object: '' }] = of;
    const folder = to.slice(0, to.length - object.length);
    return `target ${printable(target)}: ${formatCounted(of.length, 'object')} in ${printable(folder)}, which nothing reads, and nobody deletes but by hand`;
  });
}

function stepLines(steps: readonly (RepairStep | RepairOutcome)[], paint: Paint): string {
  const shown = steps.slice(0, SHOWN).map((step) => {
    const problem = 'problem' in step ? step.problem : undefined;
    const facts: [string, string][] = [
      ['what', `${printable(step.failure.message)} (${step.failure.code})`],
      ['target', printable(step.target)],
      ['repair', DOES[step.action]],
    ];
    if ('movedTo' in step) facts.push(['moved to', printable(step.movedTo ?? '')]);
    if (problem !== undefined) facts.push(['failed', `${printable(problem.message)} (${problem.code})`]);
    if (problem?.hint !== undefined) facts.push(['hint', printable(problem.hint)]);
    const mark = problem === undefined ? paint('cyan', '·') : paint('red', '✖');
    return `${mark} ${printable(step.object)}\n${renderFacts(facts, paint)}`;
  });
  return shown.join('') + more(steps.length, 'object');
}

function lossLines(lost: readonly RepairLoss[], paint: Paint): string {
  const shown = lost.slice(0, SHOWN).map(({ target, object, failure, setAside, snapshots }) => {
    const facts: [string, string][] = [
      ['lost', `${printable(failure.message)} (${failure.code}); no target has it whole`],
      ['target', printable(target)],
    ];
    if (snapshots.length > 0) {
      const rest = snapshots.length - SNAPSHOTS_SHOWN;
      const others = rest > 0 ? ` and ${formatCount(rest)} more` : '';
      facts.push(['affects', `snapshot ${snapshots.slice(0, SNAPSHOTS_SHOWN).join(', ')}${others}`]);
    }
    facts.push(['hint', hintOf(object, setAside, failure.hint)]);
    return `${paint('red', '✖')} ${printable(object)}\n${renderFacts(facts, paint)}`;
  });
  return shown.join('') + more(lost.length, 'lost object');
}

function hintOf(object: string, setAside: boolean, hint = 'bring it back from any copy there is'): string {
  if (!object.startsWith('packs/')) return printable(hint);
  return setAside
    ? 'the next run stores again what still is at its source'
    : 'what is whole in it restores from where it is, and `holdfast verify --level decrypt` names the paths that do not; with --set-aside, the next run stores again what still is at its source';
}

function more(count: number, what: string): string {
  return count > SHOWN ? `… and ${formatCounted(count - SHOWN, what)} more: see --json\n` : '';
}
