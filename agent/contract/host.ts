import type { Json } from './bytes.ts';
import type { SecretReference } from './secret.ts';

/** Writes to the agent's log. `fields` must hold no secret; the agent cannot know what is one. */
export interface Logger {
  debug(message: string, fields?: Json): void;
  info(message: string, fields?: Json): void;
  warn(message: string, fields?: Json): void;
}

/** What a span says of itself: names as OpenTelemetry's semantic conventions have them, where they have one. No secrets, no content. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/**
 * A span of the current run. `child` starts a span below it; `end` must be called exactly once, with the code of the
 * failure when the work failed. Names are low in cardinality: no paths, ids or counts in them.
 */
export interface Span {
  child(name: string, attributes?: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  end(failureCode?: string): void;
}

/**
 * What the agent lends a plugin in `open()`. Nothing else is in scope: a plugin reads no environment variables, takes the
 * time from `now()`, and puts temporary files below `scratchDir` only (it exists, is empty, mode 0700, and is removed
 * by the agent when the plugin was disposed).
 */
export interface Host {
  readonly log: Logger;
  /** Aborted when the run is cancelled. Every call that waits must give up when it is. */
  readonly signal: AbortSignal;
  readonly scratchDir: string;
  readonly span: Span;
  now(): Date;
  /**
   * The secret that a reference in the options means. Ask when it is needed, keep it in no message, field or file. Fails with
   * `SECRET_MISSING` (it is not there), `SECRET_UNSAFE` (others than the agent can read or change it) and `SECRET_FAILED`
   * (the command that should print it failed).
   */
  secret(reference: SecretReference): Promise<string>;
}
