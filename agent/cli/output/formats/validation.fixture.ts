import type { Diagnostic } from '../../../config/diagnostic.ts';
import { Checkout } from './checkout.ts';
import type { Validation } from './format.ts';

/** What somebody would write who wants more from a log than to be shown in it. */
export const HOSTILE =
  '\x1b[31m::error::x\n::add-mask::y\r##[error]z <b a="1">&\'|`[l](http://x) {0} ]]> \u202e\ud800\u0000\uffff %0A,';

export function diagnostic(given: Partial<Diagnostic> = {}): Diagnostic {
  return {
    severity: 'error',
    code: 'HF2001',
    message: 'unknown field "retension"',
    at: { file: '/work/etc/holdfast.yaml', line: 3, column: 5, endColumn: 14 },
    sourceLine: '    retension: {}',
    sourceColumn: 5,
    suggestion: 'retention',
    ...given,
  };
}

/** One that says everything a diagnostic can say. */
export const whole = diagnostic({
  hint: 'there is one',
  origin: 'from defaults.jobs',
  related: [{ message: 'first written here', at: { file: '/work/etc/more.yaml', line: 7, column: 2 } }],
});

/** The text of somebody else, wherever that can get. */
export const hostile = diagnostic({
  message: HOSTILE,
  at: { file: `/work/${HOSTILE}`, line: 1, column: 1, endColumn: 4 },
  sourceLine: HOSTILE.replace(/[\r\n]/g, ' '),
  sourceColumn: 1,
  suggestion: HOSTILE,
  hint: HOSTILE,
  origin: HOSTILE,
  related: [{ message: HOSTILE, at: { file: `/elsewhere/${HOSTILE}`, line: 1, column: 1 } }],
});

export function validation(diagnostics: readonly Diagnostic[], given: Partial<Validation> = {}): Validation {
  const valid = diagnostics.every(({ severity }) => severity !== 'error');
  return {
    valid,
    exit: valid ? 0 : 78,
    strict: false,
    files: ['/work/etc/holdfast.yaml'],
    diagnostics,
    jobs: valid ? 2 : undefined,
    checkout: new Checkout('/work'),
    version: '1.2.3',
    ...given,
  };
}
