import type { Bytes, Json, Position, Range } from './bytes.ts';
import type { Failure } from './failure.ts';
import type { SpanAttributes } from './host.ts';
import type { OptionDoubt } from './option-doubt.ts';
import type { Right, StoredEntry, TreeEntries } from './tree.ts';

/** What a source can do beyond a whole backup and a whole restore; `validate` checks a policy against it. */
export type Ability = 'select' | 'mask' | 'follow' | 'running' | 'scratch' | 'in-place' | 'no-owner';

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
 * What is known of an artifact beside its content. `facts` is read after the last byte or entry, and kept with the snapshot.
 * `attributes` is read when it has ended, stored or not, for its span; names that begin with `holdfast.` are the agent's own.
 */
export interface ArtifactOptions {
  readonly facts?: () => Json;
  readonly attributes?: () => SpanAttributes;
}

/**
 * Where a source puts what it captured. Awaiting a call is the backpressure; a source may have as many calls open as its
 * own concurrency allows. The name of an artifact is unique in a run and stable between runs.
 * A throw from any of these is the end of the run: the source must not catch and go on.
 */
export interface Sink {
  /** Stores a byte stream. Resolves when all of it was taken. */
  bytes(name: string, data: Bytes, options: ArtifactOptions & { readonly chunker: 'cdc' | 'fixed' }): Promise<void>;
  /** Stores a tree of files, as ONE artifact. */
  tree(name: string, entries: TreeEntries, options?: ArtifactOptions): Promise<void>;
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
  /** Each piece is its reader's, in memory that nothing else is in: whoever takes much may give it back before garbage is collected. */
  bytes(name: string, range?: Range): Bytes;
  /**
   * The entries of a tree that `patterns` select, together with the folders above them, in tree order. gitignore syntax, turned
   * round: a folder selects what is in it, `!` takes back, none selects all. A path with a slash, also `docs/`, is one from the
   * top, and only what can hold it is read; `\xff` is that byte.
   */
  tree(name: string, patterns?: readonly string[]): AsyncIterable<StoredEntry>;
  /** Tells by a path whether such patterns select it: for what is not in any tree, too. None select all. */
  selection(patterns: readonly string[]): (path: Uint8Array, isFolder: boolean) => boolean;
  log(name: string, from?: Position, to?: Position): AsyncIterable<LogRecord>;
}

/**
 * Where a restore goes to. `original`: to where it was captured, asked only of sources that can `in-place`; refused
 * (`RESTORE_ORIGIN`) when the snapshot and the options do not agree on where that is.
 */
export type RestoreInto = { readonly folder: string } | { readonly server: Json } | { readonly original: true };

export interface RestoreRequest {
  readonly at: Point;
  readonly select: Json;
  readonly into: RestoreInto;
  readonly rename?: Json;
  /**
   * What becomes of what is there already. With `replace`, a source that can `in-place` changes only what differs, and nothing that
   * plan() did not tell of.
   */
  readonly conflict: 'error' | 'skip' | 'replace';
  /** With `replace`: what looks the same is read and compared as well. */
  readonly compareContent?: boolean;
  /**
   * With `replace`: what is there and not in the snapshot is removed, as far as it is selected and would have been captured. Never
   * what is excluded, nor what is mounted. Asked only of sources that can `in-place`.
   */
  readonly delete?: boolean;
  /** Absolute paths of folders in which nothing is changed or removed: where the agent keeps its own. */
  readonly leave?: readonly string[];
  /**
   * The name of an entry of `masks`, a map that the options of every source that can `mask` have: rules by which values are replaced
   * before they leave the agent. The agent has looked that there is such a name.
   */
  readonly mask?: string;
  /** What is restored belongs to who restores it, whoever it belonged to. Asked only of sources that can `no-owner`. */
  readonly noOwner?: boolean;
  /** Of a restore to a folder: one of the plugin's `formats`; absent: the first of them. */
  readonly format?: string;
  readonly parallel: number;
}

/** In what something that is there differs from what is stored. `links`: in which names are one file; `holes`: it has none, so that it takes more room. */
export type Aspect =
  | 'content'
  | 'size'
  | 'holes'
  | 'time'
  | 'mode'
  | 'owner'
  | 'group'
  | 'target'
  | 'links'
  | 'xattrs'
  | 'flags';

/** One thing that a restore would do to the place it restores to. */
export interface Change {
  /** As it is stored; what is to be removed: as it would be. */
  readonly path: Uint8Array;
  /** Of what is stored; of what is to be removed. */
  readonly kind: StoredEntry['kind'];
  /**
   * `make`: nothing is there. `content`: it is replaced by a new one, the old stays whole until then. `attributes`: they are set, nothing
   * else is touched. `links`: it becomes a name of the right file. `kind`: something of another kind makes room. `remove`: it
   * is not in the snapshot.
   */
  readonly action: 'make' | 'content' | 'attributes' | 'links' | 'kind' | 'remove';
  readonly differs: readonly Aspect[];
  /** Of a stored file; bytes. */
  readonly size?: number;
  /** With `kind`: of what kind the thing is that is there. */
  readonly there?: StoredEntry['kind'];
  /** Other names of the file that is there, outside of what is restored: they keep what they have. */
  readonly otherNames?: number;
}

/** What a restore would do. `steps` is for people; `state` is the source's own and comes back to `restore` untouched. */
export interface Plan {
  readonly steps: readonly string[];
  readonly state: Json;
  /** Where it would be restored to, for people: a path or an address. */
  readonly place?: string;
  /** What the restore would not be able to do or to set, as far as that is known: told by a dry run, as the restore itself would. */
  readonly foreseen?: Pick<Restored, 'notSet' | 'unset' | 'skipped'>;
}

/** A part of what is kept of an entry beside its content. */
export type MetaPart = 'owner' | 'xattrs' | 'flags';

/** Something that a thing was restored without. `acl`: its access control list; `owner`: its owner or group. */
export type UnsetPart = Right | 'capability' | 'acl' | 'xattr' | 'flags';

/** What was restored without one part, whether that leaves the restore incomplete or not. */
export interface Unset {
  readonly part: UnsetPart;
  /** Of how many things. */
  readonly count: number;
  /** The first of them, for people: as many as the source holds, which is a bounded number. */
  readonly named: readonly string[];
}

/** What masking did to one part of the values of something: to a column of a table. No values. */
export interface Masked {
  /** For people: `trading.public.accounts`. */
  readonly what: string;
  readonly part: string;
  /** The kind of rule. */
  readonly with: string;
  /** Values that something else stands for now. */
  readonly values: number;
  /** Values that were none, and stayed so. */
  readonly nulls: number;
  /** Values that came out as they were. */
  readonly same: number;
}

/** What a restore did. `skipped` non-empty means: incomplete. */
export interface Restored {
  readonly facts: Json;
  /** With `mask`: what the rules named of what was restored, in full. */
  readonly masked?: readonly Masked[];
  /** What was set of nothing, because of who restored or of the options: owners are given by root only. It counts as complete. */
  readonly notSet?: readonly MetaPart[];
  /** What was set of some things and could not be of others, each part once. What of it leaves the restore incomplete is in `skipped` too. */
  readonly unset?: readonly Unset[];
  readonly skipped: readonly { readonly what: string; readonly failure: Failure }[];
}

/**
 * One data system to protect. What cannot be restored is not a source.
 * Only `open()` and what follows it does I/O; disposing must be safe at any time, twice, and after a failure.
 */
export interface Source extends AsyncDisposable {
  /** Cheap: can it be reached, is it what the policy says, may we read it? Changes nothing. Returns facts for people. */
  probe(): Promise<Json>;
  /**
   * What the options name and the system has not got, so that it does nothing: a pattern that nothing fits. Asked after probe(), by
   * `validate --connect`, which warns of it. Changes nothing.
   */
  doubts?(): Promise<readonly OptionDoubt[]>;
  /** Captures one consistent point. Must give up promptly when `host.signal` is aborted. */
  backup(request: BackupRequest, out: Sink): Promise<Verdict>;
  /** Captures without end, until `host.signal` is aborted. */
  follow?(request: { readonly select: Json }, out: LogSink): Promise<Verdict>;
  /** The points that can be reached, from headers alone: needs no key. */
  points?(headers: AsyncIterable<Header>): AsyncIterable<Point>;
  /**
   * Says what a restore would do and refuses what cannot be reached. Touches nothing. A source that can `in-place` tells of every
   * change, as it finds it.
   */
  plan(request: RestoreRequest, from: Reader, tell?: (change: Change) => void): Promise<Plan>;
  /**
   * Carries out a plan. Never writes outside `into`, never follows a link it did not make. What a source that can `in-place` finds
   * otherwise than plan() did, and would have to overwrite, it leaves and skips (`RESTORE_CHANGED`).
   */
  restore(plan: Plan, request: RestoreRequest, from: Reader): Promise<Restored>;
  /** A place of its own to restore into, for drills; disposing removes it. */
  scratch?(): Promise<AsyncDisposable & { readonly into: RestoreInto; readonly address: Json }>;
  /** Compares what stands at `address` with the facts of the snapshot it was restored from. */
  verify?(address: Json, facts: Json): Promise<readonly Finding[]>;
}
