import assert from 'node:assert/strict';
import type { Json, Listed, Target, TargetPlugin } from 'holdfast/plugin';
import { type LentHost, lendHost } from '../kit/host.ts';
import { collect, sha256 } from '../kit/samples.ts';

/** An empty place of its own for one check; disposing removes it. */
export interface Place extends AsyncDisposable {
  /** Complete, valid options that open it: defaults are not filled in. */
  readonly options: Json;
}

/** What the author of a target supplies. */
export interface TargetHarness {
  readonly plugin: TargetPlugin;
  /**
   * The URL of the module that exports `plugin`, for a child process that is killed in the middle of a put; undefined only
   * when the place itself lies in this process's memory and so goes with it.
   */
  readonly module: string | undefined;
  /** Makes an empty place. */
  place(): Promise<Place>;
  /** Valid options of a place that is not there: a folder that does not exist, a bucket that was never made. */
  absent(): Promise<Place>;
}

/** An open target on a place of its own. */
export interface OpenPlace extends AsyncDisposable {
  readonly target: Target;
  readonly options: Json;
  readonly host: LentHost;
}

/** Opens a fresh place, and takes everything away when disposed. */
export async function openPlace(harness: TargetHarness): Promise<OpenPlace> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await harness.place());
  const host = stack.use(await lendHost());
  const target = stack.use(await harness.plugin.open(place.options, host));
  const all = stack.move();
  return { target, options: place.options, host, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Puts with the right digest. */
export function put(target: Target, key: string, body: Uint8Array): Promise<'created' | 'same'> {
  return target.put(key, body, { sha256: sha256(body) });
}

/** Demands that `key` holds exactly `body`. */
export async function assertHolds(target: Target, key: string, body: Uint8Array): Promise<void> {
  const found = await collect(target.get(key));
  assert.equal(found.length, body.length, `${key}: the length of what get returned`);
  assert.ok(Buffer.compare(found, body) === 0, `${key}: get returned other bytes`);
}

/** All that a listing yields. */
export async function listed(target: Target, prefix = '', after?: string): Promise<Listed[]> {
  const all: Listed[] = [];
  for await (const one of target.list(prefix, after)) all.push(one);
  return all;
}

/** The keys of a listing. */
export async function keys(target: Target, prefix = '', after?: string): Promise<string[]> {
  return (await listed(target, prefix, after)).map(({ key }) => key);
}
