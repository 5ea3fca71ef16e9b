import type { Failure, Origin } from '../../contract/index.ts';
import { advised } from '../advice.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { renderFacts } from './table.ts';

const PLACES: Readonly<Record<Origin, string>> = {
  source: 'source',
  repository: 'repository',
  target: 'target',
  policy: 'policy',
  key: 'keys',
  agent: 'agent',
};

/** What happened, where, what can be done, and the command to go on with; each on a line of its own. */
export function renderFailure(failure: Failure, paint: Paint, next?: string): string {
  const facts: [string, string][] = [];
  const retry = failure.permanent ? '' : ', may pass: trying again can help';
  // A mistyped command line stands right above its error: there is no other place to name.
  if (failure.code !== 'USAGE') facts.push(['where', `${PLACES[failure.origin]} (${failure.code})${retry}`]);
  facts.push(['hint', printableLines(advised(failure).hint ?? '')]);
  if (next) facts.push(['next', next]);
  return `${paint('red', '✖')} ${paint('bold', printableLines(failure.message))}\n${renderFacts(facts, paint)}`;
}

/** Something that did not stop the work, as a warning: what it was, and below that what can be done. */
export function renderProblem({ message, code, hint }: Failure): string {
  const advice = hint === undefined ? '' : `\n  ${printableLines(hint, '  ')}`;
  return `${printable(message)} (${code})${advice}`;
}

// Messages name files and objects, whose names others chose.
function printableLines(text: string, indent = ''): string {
  return text.split('\n').map(printable).join(`\n${indent}`);
}
