import { type Logger as ApiLogger, logs, ROOT_CONTEXT, SeverityNumber, type Span, trace } from '@opentelemetry/api';
import type { Failure } from '../contract/index.ts';
import type { Attributes, LogEntry, Severity } from './trace.ts';

const NUMBERS: Readonly<Record<Severity, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** Longer than any message the agent makes; what a plugin or a data system says may be of any length. */
const MAX_CHARACTERS = 4096;

/** Sends log records that belong to a span. */
export class LogWriter {
  readonly #logger: ApiLogger;

  constructor(version: string) {
    this.#logger = logs.getLogger('holdfast', version);
  }

  write(span: Span, { severity, message, event, failure, attributes = {} }: LogEntry): void {
    const all = { ...attributes, ...(failure === undefined ? {} : failureAttributes(failure)) };
    this.#logger.emit({
      severityNumber: NUMBERS[severity],
      severityText: severity.toUpperCase(),
      body: presentable(message),
      ...(event === undefined ? {} : { eventName: event }),
      attributes: Object.fromEntries(
        Object.entries(all).map(([name, value]) => [name, typeof value === 'string' ? presentable(value) : value]),
      ),
      context: trace.setSpan(ROOT_CONTEXT, span),
    });
  }
}

/** Not its `detail`: that may hold anything. */
function failureAttributes({ code, origin, permanent, hint }: Failure): Attributes {
  return {
    'error.type': code,
    'holdfast.failure.origin': origin,
    'holdfast.failure.permanent': permanent,
    ...(hint === undefined ? {} : { 'holdfast.failure.hint': hint }),
  };
}

/**
 * `text` as it may leave this machine: of bounded length, valid Unicode, and without the credentials of a URL, which messages of
 * data systems repeat although a failure must hold no secret.
 */
export function presentable(text: string): string {
  const whole = text.toWellFormed().replace(/\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/?#]*@/gi, '$1…@');
  return whole.length <= MAX_CHARACTERS ? whole : `${whole.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…`;
}
