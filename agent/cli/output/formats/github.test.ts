import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic } from '../../../config/diagnostic.ts';
import { renderGithub } from './github.ts';
import { diagnostic, HOSTILE, hostile, validation, whole } from './validation.fixture.ts';

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** What the runner makes of a log: https://github.com/actions/runner, src/Runner.Common/ActionCommand.cs, says how it reads. */
function carriedOut(log: string): Command[] {
  const commands: Command[] = [];
  let stopped: string | undefined;
  for (const line of log.split(/\r\n|\r|\n/)) {
    const [, name = '', given = '', data = ''] = /^\s*::([^ :]+)(?: (.*?))?::(.*)$/s.exec(line) ?? [];
    if (stopped !== undefined) {
      if (name === stopped) stopped = undefined;
      continue;
    }
    if (name === '') {
      assert.ok(!line.includes('##['), line);
      continue;
    }
    if (name === 'stop-commands') {
      stopped = data;
      continue;
    }
    const properties = Object.fromEntries(
      given.split(',').map((pair) => [pair.split('=')[0], unescaped(pair.slice(pair.indexOf('=') + 1))]),
    );
    commands.push({ name, properties, message: unescaped(data) });
  }
  assert.equal(stopped, undefined, 'commands are carried out again');
  return commands;
}

function unescaped(text: string): string {
  const named = { '%2C': ',', '%3A': ':', '%0A': '\n', '%0D': '\r', '%25': '%' } as const;
  return text.replace(/%(?:2C|3A|0A|0D|25)/g, (found) => named[found as keyof typeof named]);
}

const render = (diagnostics: readonly Diagnostic[], text = '') =>
  carriedOut(renderGithub(validation(diagnostics), text));

test('an annotation has its place in the repository, a title and all there is to say', () => {
  const [command, ...more] = render([whole]);
  assert.deepEqual(more, []);
  assert.equal(command?.name, 'error');
  assert.deepEqual(command.properties, {
    file: 'etc/holdfast.yaml',
    line: '3',
    endLine: '3',
    col: '5',
    endColumn: '13',
    title: 'HF2001 A field is unknown.',
  });
  assert.deepEqual(command.message.split('\n'), [
    'unknown field "retension"',
    'did you mean "retention"?',
    'hint: there is one',
    'origin: from defaults.jobs',
    'see also: etc/more.yaml:7:2: first written here',
  ]);
});

test('severities have the names that GitHub gives them, the worst first', () => {
  const all = (['note', 'warning', 'error'] as const).map((severity) => diagnostic({ severity }));
  assert.deepEqual(
    render(all).map(({ name }) => name),
    ['error', 'warning', 'notice'],
  );
});

test('a file outside the checkout is named in the message', () => {
  const [command] = render([diagnostic({ at: { file: '/etc/x.yaml', line: 2, column: 1, endColumn: 2 } })]);
  assert.equal(command?.properties['file'], undefined);
  assert.match(command?.message ?? '', /^\/etc\/x\.yaml:2:1: unknown field/);
});

test('ten of a kind are told; of more, nine and how many there are', () => {
  const many = (count: number, severity: Diagnostic['severity']) =>
    Array.from({ length: count }, (_, index) => diagnostic({ severity, message: `message ${index}` }));
  const told = render([...many(10, 'error'), ...many(11, 'warning'), ...many(2013, 'note')]);
  const messages = (name: string) => told.filter((one) => one.name === name).map(({ message }) => message);
  assert.equal(messages('error').length, 10);
  assert.match(messages('error').at(-1) ?? '', /^message 9\n/);
  assert.equal(messages('warning').length, 10);
  assert.match(messages('warning').at(-1) ?? '', /^and 2 more warnings: /);
  assert.equal(messages('notice').length, 10);
  assert.match(messages('notice').at(-1) ?? '', /^and 2,004 more notes: /);
});

test('what a policy says is carried out nowhere', () => {
  const log = renderGithub(validation([hostile]), `${HOSTILE}\n`);
  const commands = carriedOut(log);
  assert.deepEqual(
    commands.map(({ name }) => name),
    ['error'],
  );
  const [{ properties, message } = assert.fail()] = commands;
  assert.deepEqual(Object.keys(properties).sort(), ['col', 'endColumn', 'endLine', 'file', 'line', 'title']);
  assert.match(properties['file'] ?? '', /^\\x1b\[31m::error::x.*%0A,$/s);
  assert.match(message, /\\x1b\[31m::error::x\\x0a::add-mask::y\\x0d/);
  const own = log.slice(log.indexOf('::error file'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
  assert.doesNotMatch(own, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

test('each time another word turns commands on again', () => {
  const words = [1, 2].map(() => /^::stop-commands::(.+)$/m.exec(renderGithub(validation([]), '::x'))?.[1]);
  assert.match(words[0] ?? '', /^[0-9a-f]{32}$/);
  assert.notEqual(words[0], words[1]);
  assert.equal(renderGithub(validation([]), 'plain\n'), 'plain\n');
});
