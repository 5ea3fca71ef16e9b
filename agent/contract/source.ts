import type { Bytes, Json, Position, Range } from './bytes.ts';
import type { Failure } from './failure.ts';
import type { StoredEntry, TreeEntry } from './tree.ts';

/** What a source can do beyond a whole backup and a whole restore; `validate` checks a policy against it. */
export type Ability = 'select' | 'mask' | 'follow' | 'running' | 'scratch';

/** A hole in what can be recovered: kept as state, shown, never silent. */
export interface Gap {
  readonly log: string;
  readonly from: Position | null;
  readonly to: Position | null;
  readonly reason: string;
}

/**
 * How a source ends: explicitly. A backup that returns no verdict has failed and makes no snapshot.
 * `facts` are kept with the snapshot, readable without a key: row counts, positions, versions. No secrets, no personal data.
 * `needs` names the logs without which this snapshot cannot be restored.
 */
export interface Verdict {
  readonly facts: Json;
  readonly needs?: readonly { readonly log: string; readonly from: Position }[];
}

/** One thing that a check looked at. `failure` absent means it held. */
export interface Finding {
  readonly what: string;
  readonly failure?: Failure;
  readonly facts?: Json;
}

/**
 * Where a source puts what it captured. Awaiting a call is the backpressure; a source may have as many calls open as its
 * own concurrency allows. The name of an artifact is unique in a run and stable between runs.
 * A throw from any of these is the end of the run: the source must not catch and go on.
 */
export interface Sink {
  /** Stores a byte stream. Resolves when all of it was taken; `facts` is read after the last byte. */
  bytes(
    name: string,
    data: Bytes,
    options: { readonly chunker: 'cdc' | 'fixed'; readonly facts?: () => Json },
  ): Promise<void>;
  /** Stores a tree of files, as ONE artifact. `facts` is read after the last entry. */
  tree(name: string, entries: AsyncIterable<TreeEntry>, options?: { readonly facts?: () => Json }): Promise<void>;
  /** Takes over an artifact of `request.previous` as it is: no key, no read. Fails when `previous` has no such artifact. */
  reuse(name: string): Promise<void>;
  readonly append: LogSink['append'];
  gap(gap: Gap): void;
  /** Says that `what` could not be captured. The run goes on and ends incomplete. `failure.origin` must be `source`. */
  skip(what: string, failure: Failure): void;
}

/** Where a source that never ends puts its log. */
export interface LogSink {
  /** The position up to which `log` is durable; from the committed record, never from local state. */
  last(log: string): Position | undefined;
  /** Resolves when the record is durable on every target the policy requires; only then may the source confirm. */
  append(record: {
    readonly log: string;
    readonly from: Position;
    readonly to: Position;
    readonly data: Uint8Array;
    readonly facts?: Json;
    readonly supersedes?: 'covered';
  }): Promise<void>;
  gap(gap: Gap): void;
}

export interface BackupRequest {
  /** The job's `select`, as it stands in the policy; null when the job selects nothing in particular. */
  readonly select: Json;
  readonly parallel: number;
  /** The last complete snapshot of this job, when there is one. */
  readonly previous?: {
    readonly id: string;
    readonly facts: Json;
    readonly parts: Readonly<Record<string, Json>>;
  };
  lastOf(log: string): Position | undefined;
}

/** The point in time, or of the log, that a restore is to reach. */
export type Point = 'latest' | { readonly time: Date } | { readonly position: Position } | { readonly name: string };

/** The signed part of a snapshot or log object: what can be known without a key. Times are ISO 8601, UTC. */
export interface Header {
  readonly kind: 'snapshot' | 'log';
  readonly id: string;
  readonly started: string;
  readonly finished: string;
  readonly facts: Json;
  readonly from?: Position;
  readonly to?: Position;
}

export interface LogRecord {
  readonly from: Position;
  readonly to: Position;
  readonly data: Uint8Array;
  readonly facts: Json;
}

/** Random access to one snapshot and the logs after it, lazily and in the order the source wants. */
export interface Reader {
  parts(): AsyncIterable<{ readonly name: string; readonly kind: 'bytes' | 'tree'; readonly facts: Json }>;
  bytes(name: string, range?: Range): Bytes;
  /**
   * The entries of a tree that `patterns` select (gitignore syntax: a folder selects what is in it; none selects all),
   * together with the folders above them, in tree order.
   */
  tree(name: string, patterns?: readonly string[]): AsyncIterable<StoredEntry>;
  log(name: string, from?: Position, to?: Position): AsyncIterable<LogRecord>;
}

/** What a restored value is replaced by. The rules of a source are its own options; the agent passes them through. */
export type MaskRule = Json;

export interface RestoreRequest {
  readonly at: Point;
  readonly select: Json;
  readonly into: { readonly folder: string } | { readonly server: Json };
  readonly rename?: Json;
  readonly conflict: 'error' | 'skip' | 'replace';
  readonly mask?: readonly MaskRule[];
  readonly parallel: number;
}

/** What a restore would do. `steps` is for people; `state` is the source's own and comes back to `restore` untouched. */
export interface Plan {
  readonly steps: readonly string[];
  readonly state: Json;
}

/** A part of what is kept of an entry beside its content. */
export type MetaPart = 'owner' | 'xattrs' | 'flags';

/** What a restore did. `skipped` non-empty means: incomplete. */
export interface Restored {
  readonly facts: Json;
  /** What was set of nothing, because of who restored or of the options: owners are given by root only. It counts as complete. */
  readonly notSet?: readonly MetaPart[];
  readonly skipped: readonly { readonly what: string; readonly failure: Failure }[];
}

/**
 * One data system to protect. What cannot be restored is not a source.
 * Only `open()` and what follows it does I/O; disposing must be safe at any time, twice, and after a failure.
 */
export interface Source extends AsyncDisposable {
  /** Cheap: can it be reached, is it what the policy says, may we read it? Changes nothing. Returns facts for people. */
  probe(): Promise<Json>;
  /** Captures one consistent point. Must give up promptly when `host.signal` is aborted. */
  backup(request: BackupRequest, out: Sink): Promise<Verdict>;
  /** Captures without end, until `host.signal` is aborted. */
  follow?(request: { readonly select: Json }, out: LogSink): Promise<Verdict>;
  /** The points that can be reached, from headers alone: needs no key. */
  points?(headers: AsyncIterable<Header>): AsyncIterable<Point>;
  /** Says what a restore would do and refuses what cannot be reached. Touches nothing. */
  plan(request: RestoreRequest, from: Reader): Promise<Plan>;
  /** Carries out a plan. Never writes outside `into`, never follows a link it did not make. */
  restore(plan: Plan, request: RestoreRequest, from: Reader): Promise<Restored>;
  /** A place of its own to restore into, for drills; disposing removes it. */
  scratch?(): Promise<AsyncDisposable & { readonly into: RestoreRequest['into']; readonly address: Json }>;
  /** Compares what stands at `address` with the facts of the snapshot it was restored from. */
  verify?(address: Json, facts: Json): Promise<readonly Finding[]>;
}
