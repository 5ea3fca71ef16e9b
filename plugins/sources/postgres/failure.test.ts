import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverFailure } from './failure.ts';

const coded = (code: string) => Object.assign(new Error('said so'), { code });

const cases: readonly (readonly [error: Error, code: string])[] = [
  [new Error('Connection terminated unexpectedly'), 'POSTGRES_STOPPED'],
  [coded('ECONNRESET'), 'POSTGRES_STOPPED'],
  [coded('EPIPE'), 'POSTGRES_STOPPED'],
  [coded('57P01'), 'POSTGRES_STOPPED'],
  [coded('ECONNREFUSED'), 'POSTGRES_UNREACHABLE'],
  [coded('ENOTFOUND'), 'POSTGRES_UNREACHABLE'],
  [new Error('timeout expired'), 'POSTGRES_UNREACHABLE'],
  [coded('28P01'), 'POSTGRES_LOGIN'],
  [coded('28000'), 'POSTGRES_LOGIN'],
  [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string'), 'POSTGRES_LOGIN'],
  [coded('53100'), 'POSTGRES_FULL'],
  [coded('53300'), 'POSTGRES_BUSY'],
  [new Error('something new'), 'POSTGRES_FAILED'],
];

for (const [error, code] of cases)
  test(`${'code' in error ? error.code : error.message}: ${code}, with what to do next`, () => {
    const failure = serverFailure(error, 'read');
    assert.equal(failure.code, code);
    assert.ok(failure.message.startsWith('cannot read: '));
    // Codes are those that were said, never made up here.
    assert.equal(/\(E[A-Z]+\)/.test(failure.message), 'code' in error && String(error.code).startsWith('E'));
    assert.match(failure.hint ?? '', /\w+ \w+/);
  });
