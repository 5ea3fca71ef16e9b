import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { isCode } from '../../../config/codes.ts';
import type { At, Diagnostic } from '../../../config/diagnostic.ts';
import { explanationOf } from '../../../config/explanations/explanations.ts';
import { adviceOf } from '../advice.ts';
import { explanationMarkdown, explanationText } from '../explanation.ts';
import { printable } from '../printable.ts';
import type { Checkout } from './checkout.ts';
import type { Validation } from './format.ts';

const ROOT = '%SRCROOT%';

/**
 * SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/, as GitHub code scanning and editors read it. Paths are relative
 * to the checkout, and where that lies is left out: the log is the same wherever it was written.
 */
export function sarifLog(validation: Validation): object {
  const { diagnostics, version, exit } = validation;
  const rules = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const fingerprints = new Fingerprints(validation.checkout);
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Holdfast', semanticVersion: version, rules: rules.map(ruleOf) } },
        automationDetails: { id: 'holdfast/validate/' },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [ROOT]: { description: { text: 'The root of the checkout.' } } },
        invocations: [{ executionSuccessful: true, exitCode: exit }],
        results: diagnostics.map((one) => ({
          ...resultOf(one, validation.checkout),
          ruleIndex: rules.indexOf(one.code),
          partialFingerprints: { 'holdfastDiagnostic/v1': fingerprints.of(one) },
        })),
      },
    ],
  };
}

function ruleOf(code: string): object {
  if (!isCode(code)) return { id: code };
  const explained = explanationOf(code);
  const { title, severity, explanation } = explained;
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: explanation.means },
    help: { text: explanationText(explained), markdown: explanationMarkdown(explained) },
    defaultConfiguration: { level: severity },
    properties: { tags: ['policy'], precision: 'very-high', 'problem.severity': SEVERITIES[severity] },
  };
}

/** What GitHub calls them: https://docs.github.com/code-security/reference/code-scanning/sarif-support-for-code-scanning. */
const SEVERITIES = { error: 'error', warning: 'warning', note: 'recommendation' } as const;

function resultOf(diagnostic: Diagnostic, checkout: Checkout): object {
  const { code, severity, message, at, related = [] } = diagnostic;
  const lines = [printable(message), ...adviceOf({ ...diagnostic, related: [] }, (place) => checkout.placeOf(place))];
  return {
    ruleId: code,
    level: severity,
    message: messageOf(lines.join('\n')),
    locations: [
      {
        physicalLocation: {
          artifactLocation: artifact(at.file, checkout),
          region: regionOf(diagnostic),
          ...contextOf(diagnostic),
        },
      },
    ],
    ...(related.length === 0
      ? {}
      : { relatedLocations: related.map((one, index) => relatedLocation(one, index, checkout)) }),
  };
}

function relatedLocation({ message, at }: { message: string; at: At }, index: number, checkout: Checkout): object {
  return {
    id: index + 1,
    message: messageOf(printable(message)),
    physicalLocation: {
      artifactLocation: artifact(at.file, checkout),
      region: { startLine: at.line, startColumn: at.column },
    },
  };
}

function regionOf({ at, sourceLine, sourceColumn }: Diagnostic): object {
  const { line, column, endColumn } = at;
  const marked = sourceLine.slice(sourceColumn - 1, sourceColumn - 1 + endColumn - column);
  const snippet = marked.trim() === '' ? {} : { snippet: { text: printable(marked) } };
  return { startLine: line, startColumn: column, endLine: line, endColumn, ...snippet };
}

/** The line, or as much of it as there is: a secret in it is blotted out letter by letter. */
function contextOf({ at, sourceLine, sourceColumn }: Diagnostic): object {
  if (sourceLine.trim() === '') return {};
  const startColumn = at.column - sourceColumn + 1;
  const end = { endLine: at.line, endColumn: startColumn + sourceLine.length };
  return { contextRegion: { startLine: at.line, startColumn, ...end, snippet: { text: printable(sourceLine) } } };
}

function artifact(file: string, checkout: Checkout): object {
  const inside = checkout.pathOf(file);
  if (inside !== undefined)
    return { uri: inside.toWellFormed().split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT };
  return file === checkout.root ? { uri: './', uriBaseId: ROOT } : { uri: pathToFileURL(file).href };
}

/** `{0}` would be read as a placeholder (3.11.5), `[a](b)` as a link (3.11.6). */
function messageOf(text: string): { text: string } {
  const braces = text.replace(/\{(\d+)\}/g, '{{$1}}');
  return { text: braces.includes('](') ? braces.replace(/[\\[\]]/g, '\\$&') : braces };
}

/**
 * By which a result is known again in the next run: what is said of which line, not where the line stands. The same said twice
 * is told apart by its order.
 */
class Fingerprints {
  readonly #checkout: Checkout;
  readonly #seen = new Map<string, number>();

  constructor(checkout: Checkout) {
    this.#checkout = checkout;
  }

  of({ code, message, at, sourceLine }: Diagnostic): string {
    const said = JSON.stringify([code, this.#checkout.shown(at.file), message, sourceLine.trim()]);
    const count = (this.#seen.get(said) ?? 0) + 1;
    this.#seen.set(said, count);
    return createHash('sha256').update(`${said} ${count}`).digest('hex').slice(0, 32);
  }
}
