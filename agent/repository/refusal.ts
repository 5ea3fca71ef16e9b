import assert from 'node:assert/strict';
import { HoldfastError } from '../contract/index.ts';

/** For `assert.throws` in the tests of this folder: what was thrown is the coded failure `code`, and nothing else. */
export function refusal(...codes: readonly string[]): (thrown: unknown) => true {
  return (thrown) => {
    assert.ok(thrown instanceof HoldfastError, `not a coded failure: ${thrown}`);
    assert.ok(codes.includes(thrown.failure.code), `${thrown.failure.code} (${thrown.message}), not ${codes}`);
    return true;
  };
}
