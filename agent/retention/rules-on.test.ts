import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rulesOn } from './rules-on.ts';

const minimum = { months: 84, milliseconds: 0 };
const financial = { keep: { monthly: 84 }, minimum, targets: { local: { keep: { daily: 7 } } } };

test('a target that a class has rules for goes by these, and promises nothing', () => {
  assert.deepEqual(rulesOn(financial, 'local'), { keep: { daily: 7 } });
});

test('every other target goes by the rules of the class, whatever it is called', () => {
  for (const target of ['cloud', 'constructor', '__proto__']) {
    assert.deepEqual(rulesOn(financial, target), { keep: { monthly: 84 }, minimum });
  }
  assert.deepEqual(rulesOn({ targets: {} }, 'local'), {});
});
