import type { Static, TSchema } from 'typebox';
import type { Host } from './host.ts';
import type { OptionDoubt } from './option-doubt.ts';
import type { Ability, Finding, Source } from './source.ts';
import type { Chunker, Codec, Notifier } from './stage.ts';
import type { Target } from './target.ts';

/**
 * One question about a running system, asked by recovery plans and drills. Disposing is safe at any time, twice, and after a
 * failure.
 */
export interface Check extends AsyncDisposable {
  /**
   * Asks, changes nothing, and may be called again: each time it is asked anew. What does not hold is a finding with a failure,
   * also when the system cannot be reached; `what` stays the same. Throws only when it could not ask: aborted by `host.signal`.
   */
  check(): Promise<Finding>;
}

interface Described<S extends TSchema> {
  /** What a policy calls it: `type: <name>`. Lower case, `[a-z0-9-]`. */
  readonly name: string;
  /** The contract it was written for. */
  readonly api: 1;
  readonly version: string;
  readonly stability: 'experimental' | 'beta' | 'stable';
  /** One sentence for people. */
  readonly summary: string;
  /** Every field has a description; unknown keys are refused by the agent. Reading it loads no driver and does no I/O. */
  readonly options: S;
}

export interface SourcePlugin<S extends TSchema = TSchema> extends Described<S> {
  readonly kind: 'source';
  readonly can: readonly Ability[];
  /** What the `select` of a job may say, where the source can `select`. Every field has a description; unknown keys are refused. */
  readonly select?: TSchema;
  /** What a restore to a folder can write (`--format`), the default first; absent: there is one way. */
  readonly formats?: readonly string[];
  /**
   * Whether a backup would read what lies in `folder` of this host (absolute), from the options alone: no I/O. `validate` asks it of
   * the folders of targets, because a repository that is backed up into itself grows with every run.
   */
  covers?(options: Static<S>, folder: string): boolean;
  /** What is wrong with options that their schema allows, from the options alone: no I/O. `validate` asks it, and so does every verb. */
  check?(options: Static<S>): readonly OptionDoubt[];
  open(options: Static<S>, host: Host): Promise<Source>;
}
export interface TargetPlugin<S extends TSchema = TSchema> extends Described<S> {
  readonly kind: 'target';
  /** Two targets of equal identity are one place; `validate` and the engine refuse to count them as two copies. */
  identity(options: Static<S>): string;
  /** The folder of this host that the target keeps its objects in, absolute; absent for targets elsewhere. No I/O. */
  folder?(options: Static<S>): string;
  /**
   * Makes the empty place that `open` expects; one that is there is left as it is. Only `init` calls it: `open` makes nothing,
   * so that a backup never lands in the folder below a mount that failed.
   */
  create?(options: Static<S>, host: Host): Promise<void>;
  open(options: Static<S>, host: Host): Promise<Target>;
}
/** Runs inside workers, so it is made from data: its module, its options, and 32 bytes of the domain's chunker key. */
export interface ChunkerPlugin<S extends TSchema = TSchema> extends Described<S> {
  readonly kind: 'chunker';
  create(options: Static<S>, key: Uint8Array): Chunker;
}
export interface CodecPlugin<S extends TSchema = TSchema> extends Described<S> {
  readonly kind: 'codec';
  /** Stands in every frame. 0–127 are this project's (0 none, 1 zstd, 2 gzip); plugins from outside take 128–254. */
  readonly id: number;
  create(options: Static<S>): Codec;
}
export interface NotifierPlugin<S extends TSchema = TSchema> extends Described<S> {
  readonly kind: 'notifier';
  open(options: Static<S>, host: Host): Promise<Notifier>;
}
export interface CheckPlugin<S extends TSchema = TSchema> extends Described<S> {
  readonly kind: 'check';
  open(options: Static<S>, host: Host): Promise<Check>;
}

export type Plugin<S extends TSchema = TSchema> =
  | SourcePlugin<S>
  | TargetPlugin<S>
  | ChunkerPlugin<S>
  | CodecPlugin<S>
  | NotifierPlugin<S>
  | CheckPlugin<S>;

export type Kind = Plugin['kind'];
export type PluginOf<K extends Kind> = Extract<Plugin, { kind: K }>;

/**
 * Every plugin module has a named export `plugin`, made by this function. It is the seal: plugins never build the wrapper by
 * hand, so it can grow. Loading the module must be cheap and have no effect; drivers are imported inside `open()`.
 */
export function definePlugin<S extends TSchema>(plugin: SourcePlugin<S>): SourcePlugin<S>;
export function definePlugin<S extends TSchema>(plugin: TargetPlugin<S>): TargetPlugin<S>;
export function definePlugin<S extends TSchema>(plugin: ChunkerPlugin<S>): ChunkerPlugin<S>;
export function definePlugin<S extends TSchema>(plugin: CodecPlugin<S>): CodecPlugin<S>;
export function definePlugin<S extends TSchema>(plugin: NotifierPlugin<S>): NotifierPlugin<S>;
export function definePlugin<S extends TSchema>(plugin: CheckPlugin<S>): CheckPlugin<S>;
export function definePlugin(plugin: Plugin): Plugin {
  return Object.freeze(plugin);
}
