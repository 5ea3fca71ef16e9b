import type { Json } from './bytes.ts';

/**
 * Which part of the system a failure came from. Only `source` failures may be skipped, and a run that skipped one is
 * *incomplete*, never *ok*: a full disk under the repository must not look like an unreadable file of the source.
 */
export type Origin = 'source' | 'repository' | 'target' | 'policy' | 'key' | 'agent';

/**
 * What went wrong, as plain data: the class and `code` of an Error vanish on the way out of a worker thread.
 *
 * - `code`: stable, upper case with underscores; never reused for another meaning (`TARGET_FULL`, `WRONG_KEY`). Where a right is
 *   missing it ends in `_DENIED`, where nobody is let in at all in `_LOGIN`: a process that fails so exits with 77.
 * - `message`: one sentence that names the object concerned. Never contains a secret.
 * - `permanent`: trying the same again cannot help.
 * - `hint`: what the reader can do next.
 * - `detail`: data for programs. Of a probe, `{ option: ['programs'] }` is the option at fault, below the plugin's options.
 */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly origin: Origin;
  readonly permanent: boolean;
  readonly hint?: string;
  readonly detail?: Json;
}

/** The one Error class of the agent and its plugins; it carries a {@link Failure} and prints as its message. */
export class HoldfastError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause });
    this.name = 'HoldfastError';
    this.failure = failure;
  }
}

/** Throws `failure`. Returns never, so that it can stand where a value is expected. */
export function fail(failure: Failure, cause?: unknown): never {
  throw new HoldfastError(failure, cause);
}

/**
 * The failure behind anything that was thrown. Something that is not a HoldfastError becomes `fallback` with the text
 * of the error added, so that an unforeseen error still says where it came from.
 */
export function failureOf(thrown: unknown, fallback: Pick<Failure, 'code' | 'origin'>): Failure {
  if (isFailureCarrier(thrown)) return thrown.failure;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return { ...fallback, message: text, permanent: false };
}

// By shape, not by class: a plugin from outside may bring its own copy of this module.
function isFailureCarrier(thrown: unknown): thrown is { failure: Failure } {
  if (typeof thrown !== 'object' || thrown === null || !('failure' in thrown)) return false;
  const { failure } = thrown;
  return typeof failure === 'object' && failure !== null && 'code' in failure && 'origin' in failure;
}
