import assert from 'node:assert/strict';
import type { Failure } from 'holdfast/plugin';
import { failureOf } from 'holdfast/plugin';

/**
 * Runs `action`, demands that it fails with one of `codes` (and, when given, of that origin) and returns the failure.
 * `what` says in a few words what was tried, for the message.
 */
export async function expectFailure(
  what: string,
  action: () => unknown,
  expected: { readonly codes?: readonly string[]; readonly origin?: Failure['origin'] } = {},
): Promise<Failure> {
  const failure = await failureOfAction(action);
  assert.ok(failure !== undefined, `${what}: succeeded, but must fail${codesText(expected.codes)}`);
  if (expected.codes !== undefined) {
    assert.ok(
      expected.codes.includes(failure.code),
      `${what}: failed with ${failure.code || 'no code'} (${failure.message}), but must fail${codesText(expected.codes)}`,
    );
  }
  if (expected.origin !== undefined) {
    assert.equal(failure.origin, expected.origin, `${what}: the failure's origin must be ${expected.origin}`);
  }
  return failure;
}

async function failureOfAction(action: () => unknown): Promise<Failure | undefined> {
  try {
    await action();
    return undefined;
  } catch (thrown) {
    return failureOf(thrown, { code: '', origin: 'agent' });
  }
}

function codesText(codes: readonly string[] | undefined): string {
  return codes === undefined ? '' : ` with ${codes.join(' or ')}`;
}
