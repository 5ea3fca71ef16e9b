import type { Diagnostic } from '../../../config/diagnostic.ts';
import { adviceOf } from '../advice.ts';
import { printable } from '../printable.ts';
import { fails, type Validation } from './format.ts';

/**
 * What Jenkins, GitLab and others read as the result of tests: https://github.com/testmoapp/junitxml has what they agree on. A file is
 * a suite, a mistake is a test that fails. What is no mistake is a test that passes, with what is to be said as its output.
 */
export function renderJunit(validation: Validation): string {
  const { files, diagnostics } = validation;
  const all = [...new Set([...files, ...diagnostics.map(({ at }) => at.file)])];
  const suites = all.map((file) => suiteOf(file, validation));
  const failures = diagnostics.filter((one) => fails(one, validation)).length;
  const tests = suites.reduce((sum, suite) => sum + suite.tests, 0);
  const counts = { tests, failures, errors: 0, skipped: 0, time: 0 };
  const body = suites.map(({ xml }) => xml).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', { name: 'holdfast validate', ...counts }, `\n${body}`)}\n`;
}

function suiteOf(file: string, validation: Validation): { readonly xml: string; readonly tests: number } {
  const name = validation.checkout.shown(file);
  const here = validation.diagnostics.filter(({ at }) => at.file === file);
  const failures = here.filter((one) => fails(one, validation)).length;
  const names = new Map<string, number>();
  const cases = here.map((one) => {
    // GitLab and Jenkins know a test again by its name, between runs: it has no line in it, and none stands twice.
    const said = `${one.code} ${printable(one.message)}`;
    const count = (names.get(said) ?? 0) + 1;
    names.set(said, count);
    return testCase(count === 1 ? said : `${said} (${count})`, one, validation);
  });
  if (failures === 0)
    cases.unshift(`    ${element('testcase', { classname: name, name: 'can be used', file: name, time: 0 }, '')}\n`);
  const counts = { tests: cases.length, failures, errors: 0, skipped: 0, time: 0 };
  return { xml: `  ${element('testsuite', { name, ...counts }, `\n${cases.join('')}  `)}\n`, tests: cases.length };
}

function testCase(name: string, diagnostic: Diagnostic, validation: Validation): string {
  const { severity, code, message, at, sourceLine } = diagnostic;
  const { checkout } = validation;
  const file = checkout.shown(at.file);
  const head = `${checkout.placeOf(at)}: ${severity}[${code}] ${message}`;
  const line = sourceLine.trim() ? [`${at.line} │ ${sourceLine}`] : [];
  const text = escapeXml(
    [...[head, ...line].map(printable), ...adviceOf(diagnostic, (place) => checkout.placeOf(place))].join('\n'),
  );
  const said = fails(diagnostic, validation)
    ? element('failure', { message, type: code }, text)
    : element('system-out', {}, text);
  return `    ${element('testcase', { classname: file, name, file, line: at.line, time: 0 }, said)}\n`;
}

/** `content` is XML already. */
function element(name: string, attributes: Readonly<Record<string, string | number>>, content: string): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(printable(String(value)))}"`);
  return content === '' ? `<${name}${given.join('')}/>` : `<${name}${given.join('')}>${content}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/**
 * What `printable` leaves is allowed in XML 1.0, but for two (2.2, Char). `##[` begins a command where a log of GitHub Actions shows
 * the file.
 */
function escapeXml(text: string): string {
  const markup = text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
  return markup.replace(/[\ufffe\uffff]/g, '\ufffd').replaceAll('##[', '&#35;#[');
}
