import type { Json } from '../contract/index.ts';
import type { At, Positions } from './diagnostic.ts';
import type { SharedDomain } from './domains.ts';
import type { Duration } from './duration.ts';
import type { Schedule } from './schedule.ts';

/**
 * A policy that was found without error: names resolved, defaults in place, units parsed. Plain data but for `positions`.
 * Secrets in options are still references (see secret.ts); nothing here was read from the environment.
 */
export interface Policy {
  readonly file: string;
  /** Relative paths in the policy are relative to this folder. */
  readonly folder: string;
  /** SHA-256, hex, of the policy as canonical JSON: comments, order and spelling of the text do not count. */
  readonly hash: string;
  readonly host: string;
  readonly recipients: Readonly<Record<string, RecipientSpec>>;
  readonly targets: Readonly<Record<string, PluginSpec>>;
  readonly pipelines: Readonly<Record<string, Pipeline>>;
  readonly sources: Readonly<Record<string, SourceSpec>>;
  readonly retention: Readonly<Record<string, RetentionSpec>>;
  readonly holds: readonly HoldSpec[];
  readonly domains: Readonly<Record<string, SharedDomain>>;
  readonly notifiers: Readonly<Record<string, PluginSpec>>;
  /** Those of this host. */
  readonly jobs: Readonly<Record<string, Job>>;
  /** Jobs that this host does not run, and why. */
  readonly idle: Readonly<Record<string, IdleJob>>;
  readonly limits: Limits;
  readonly positions: Positions;
}

/** Somebody who can open backups. */
export interface RecipientSpec {
  readonly name: string;
  /** Absolute path of an OpenPGP public key. */
  readonly publicKey: string;
  readonly at: At;
}

/** A configured plugin. `options` fit its schema, with defaults applied and paths made absolute. */
export interface PluginSpec {
  readonly name: string;
  readonly type: string;
  readonly options: Json;
  readonly at: At;
}

export interface SourceSpec extends PluginSpec {
  readonly objectives?: Objectives;
}

/** What the policy promises: at most so much is lost, and it takes at most so long until it works again. */
export interface Objectives {
  readonly rpoMs?: number;
  readonly rtoMs?: number;
}

export interface StageSpec {
  readonly type: string;
  readonly options: Json;
}

export interface Pipeline {
  readonly name: string;
  readonly chunk: StageSpec;
  readonly compress: StageSpec;
  readonly encrypt: 'aes-256-gcm';
  readonly checksum: 'sha256';
}

/** Which snapshots stay. Each number is how many of the newest days, weeks, … keep one. */
export interface Keep {
  readonly last?: number;
  readonly within?: Duration;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
}

export interface RetentionSpec {
  readonly name: string;
  /** Absent: everything is kept. */
  readonly keep?: Keep;
  /** One snapshot of every declared period is promised for so long. */
  readonly minimum?: Duration;
  /** What stays on a target in the place of `keep` and `minimum`, by the target's name: see retention/rules-on.ts. */
  readonly targets: Readonly<Record<string, { readonly keep: Keep }>>;
  /** IANA name of the zone whose days and months are meant. */
  readonly timezone: string;
  /** For so long, targets refuse to remove what was stored. */
  readonly lock?: Duration;
  /** What is to be erased is gone after so long. */
  readonly erasure?: Duration;
  readonly at: At;
}

/** Somebody's word that snapshots stay, whatever the rules say. Without `jobs` and `snapshots` it covers everything. */
export interface HoldSpec {
  readonly name: string;
  readonly by: string;
  readonly why: string;
  /** The last moment of it; absent: until it is taken out. */
  readonly until?: Date;
  /** Names of jobs, of this host or not. */
  readonly jobs?: readonly string[];
  /** The first 8 or more hex digits of the SHA-256 of snapshot objects. */
  readonly snapshots?: readonly string[];
  readonly at: At;
}

export interface Job {
  readonly name: string;
  readonly source: SourceSpec;
  /** As it stands in the policy, for the source to understand; null when the job selects nothing in particular. */
  readonly select: Json;
  readonly pipeline: Pipeline;
  readonly targets: readonly PluginSpec[];
  readonly retention: RetentionSpec;
  /** The name of its domain, `<host>/<class>` or a shared one's: what deduplicates, is trusted and is shredded together. */
  readonly domain: string;
  /** The domain, when this host shares it. */
  readonly shared?: SharedDomain;
  /** Who can open what this job stores: the same for every job of a domain. */
  readonly recipients: readonly RecipientSpec[];
  readonly timeoutMs: number;
  readonly schedule?: Schedule;
  readonly at: At;
}

/** A job that this host does not run. */
export interface IdleJob {
  /** The name of its source. */
  readonly source: string;
  /** As of a job that is run. */
  readonly select: Json;
  /** The names of its class and of its targets. */
  readonly retention: string;
  readonly targets: readonly string[];
  readonly reason: 'disabled' | 'other hosts';
}

export interface Limits {
  readonly workers: number;
  /** Bytes of buffers in flight. */
  readonly memoryBytes: number;
  /** File operations at a time. */
  readonly files: number;
}
