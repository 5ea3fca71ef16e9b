import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import type { Failure } from '../contract/index.ts';
import { describeProgram } from './program.ts';
import { usageFailure } from './usage-failure.ts';

/** What is said of a command line that cannot be understood. */
function refusal(argv: readonly string[]): Failure {
  const program = describeProgram('0', () => {});
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    assert.ok(thrown instanceof CommanderError);
    return usageFailure(thrown, program, argv);
  }
  return assert.fail(`${argv.join(' ')} was understood`);
}

const cases: readonly (readonly [argv: readonly string[], message: string, hint: RegExp])[] = [
  [['rn'], "Unknown verb 'rn'.", /^Did you mean run\?$/],
  [['snap'], "Unknown verb 'snap'.", /^Did you mean snapshots\?$/],
  [['xyzzy'], "Unknown verb 'xyzzy'.", /^holdfast --help names every verb\.$/],
  [['a\nb'], "Unknown verb 'a\nb'.", /--help/],
  [['keys', 'shwo', '3f'], "Too many arguments for 'list'. Expected 0 arguments but got 2: shwo, 3f.", /mean show\?/],
  [
    ['keys', 'zzzzzz'],
    "Too many arguments for 'list'. Expected 0 arguments but got 1: zzzzzz.",
    /^holdfast keys --help/,
  ],
  [['init', 'x'], "Too many arguments for 'init'. Expected 0 arguments but got 1: x.", /^holdfast init --help/],
  [['run', '--stdn', 'x'], "Unknown option '--stdn'.", /^Did you mean --stdin\?$/],
  [['run', '--stdn=x'], "Unknown option '--stdn'.", /^Did you mean --stdin\?$/],
  [['run', '--polcy', 'x'], "Unknown option '--polcy'.", /^Did you mean --policy\?$/],
  [['run', '--conflict', 'x'], "Unknown option '--conflict'.", /^holdfast run --help/],
  [['restore'], "Missing required argument 'source'.", /^holdfast restore --help/],
  [['keys', 'show'], "Missing required argument 'id'.", /^holdfast keys show --help/],
  [['plan', '-p'], 'The value of --policy is missing.', /^It is --policy <file>\. holdfast plan --help/],
  [['restore', 'x', '--into'], 'The value of --into is missing.', /^It is --into <folder>\./],
  [['restore', 'x', '--conflict', 'skp'], "--conflict cannot be 'skp'.", /^Did you mean skip\? It is one of: error, /],
  [['verify', '--level=9'], "--level cannot be '9'.", /^It is one of: list, checksum, decrypt, restore\.$/],
  [
    ['verify', '--at', 'latest'],
    "Unknown option '--at'.",
    /^verify looks at all .*\n.* holdfast restore <source> --at <point>/,
  ],
  [['verify', 'x', '--at=3f2a91c0'], "Unknown option '--at'.", /^verify looks at all/],
  [['snapshots', '--at', 'latest'], "Unknown option '--at'.", /^holdfast snapshots --help/],
  [['completion', 'ksh'], "The shell cannot be 'ksh'.", /bash, zsh, fish/],
  [['plan', '-q', '-v'], "Option '-q, --quiet' cannot be used with option '-v, --verbose'.", /^holdfast plan --help/],
];
for (const [argv, message, hint] of cases) {
  test(`in words, with what was meant: ${argv.join(' ').replace('\n', '\\n')}`, () => {
    const failure = refusal(argv);
    assert.deepEqual([failure.code, failure.message], ['USAGE', message]);
    assert.match(failure.hint ?? '', hint);
  });
}

test('whoever types nothing is told where to begin', () => {
  assert.match(refusal([]).hint ?? '', /holdfast demo .*\nholdfast init .*\nholdfast --help /);
});
