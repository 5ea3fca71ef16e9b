import type { Failure, Finding, Json } from 'holdfast/plugin';
import { failureOf } from 'holdfast/plugin';

/**
 * One obligation of the contract, held against a plugin. `run` throws when the plugin does not keep it. It may return
 * facts; {@link notOffered} is the fact that the obligation concerns something the plugin does not offer.
 */
export interface ConformanceCheck<H> {
  /** A few words, unique in the suite, stable: outsiders name it when they ask about it. */
  readonly name: string;
  /** The obligation, as one sentence. */
  readonly holds: string;
  run(harness: H): Promise<Json | undefined>;
}

/** The obligations of one kind of plugin. `H` is what the plugin's author supplies so that they can be checked. */
export interface Suite<H> {
  readonly name: string;
  readonly checks: readonly ConformanceCheck<H>[];
}

/** What a check returns when the contract leaves `what` to the plugin and this one does without. */
export function notOffered(what: string): Json {
  return { notOffered: what };
}

/**
 * Runs every check, one after the other, and says what was found. A finding's `what` is the name of the check; its
 * failure has the code `NOT_CONFORMANT` and the obligation as its hint. A check that does not end within
 * `timeoutMs` (default one minute) has failed: a plugin that hangs must not hang the suite.
 */
export async function runSuite<H>(
  suite: Suite<H>,
  harness: H,
  options: { readonly timeoutMs?: number } = {},
): Promise<readonly Finding[]> {
  const names = new Set(suite.checks.map((check) => check.name));
  if (names.size === 0 || names.size !== suite.checks.length) {
    throw new Error(`suite ${suite.name}: needs checks, each with a name of its own`);
  }
  const findings: Finding[] = [];
  for (const check of suite.checks) findings.push(await runCheck(check, harness, options.timeoutMs ?? 60_000));
  return findings;
}

/** Runs one check; see {@link runSuite}. */
export async function runCheck<H>(check: ConformanceCheck<H>, harness: H, timeoutMs: number): Promise<Finding> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`did not end within ${timeoutMs} ms`)), timeoutMs);
  try {
    const facts = await Promise.race([check.run(harness), late.promise]);
    return facts === undefined ? { what: check.name } : { what: check.name, facts };
  } catch (thrown) {
    return { what: check.name, failure: notConformant(check, thrown) };
  } finally {
    clearTimeout(timer);
  }
}

function notConformant(check: { name: string; holds: string }, thrown: unknown): Failure {
  const { code, message } = failureOf(thrown, { code: '', origin: 'agent' });
  const text = code === '' ? message : `${code}: ${message}`;
  return {
    code: 'NOT_CONFORMANT',
    message: `${check.name}: ${text}`,
    origin: 'agent',
    permanent: true,
    hint: check.holds,
  };
}
