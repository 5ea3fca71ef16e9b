import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePaint } from './paint.ts';

const cases: readonly (readonly [isTTY: boolean, env: NodeJS.ProcessEnv, wanted: boolean, coloured: boolean])[] = [
  [true, {}, true, true],
  [true, {}, false, false],
  [false, {}, true, false],
  [true, { NO_COLOR: '1' }, true, false],
  [true, { NO_COLOR: '' }, true, true],
  [true, { TERM: 'dumb' }, true, false],
  [false, { FORCE_COLOR: '1' }, true, true],
  [false, { FORCE_COLOR: '1', TERM: 'dumb' }, true, true],
  [true, { FORCE_COLOR: '0' }, true, false],
  [true, { FORCE_COLOR: 'false' }, true, false],
  [false, { FORCE_COLOR: '' }, true, false],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true, false],
  [false, { FORCE_COLOR: '1' }, false, false],
];
for (const [isTTY, env, wanted, coloured] of cases) {
  const where = `${isTTY ? 'a terminal' : 'a pipe'}, ${JSON.stringify(env)}${wanted ? '' : ', --no-color'}`;
  test(`${coloured ? 'colours' : 'no colours'}: ${where}`, () => {
    assert.equal(choosePaint({ isTTY, env, wanted })('red', 'x'), coloured ? '\x1b[31mx\x1b[39m' : 'x');
  });
}
