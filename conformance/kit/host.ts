import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, Span } from 'holdfast/plugin';

/** A Host to lend to a plugin under test, with a scratch folder that goes away with it. Abort it by `abort()`. */
export interface LentHost extends Host, AsyncDisposable {
  abort(reason?: unknown): void;
}

/**
 * Makes a host whose log is silent, whose spans go nowhere and whose clock is the machine's, or stands still at `now`. Every
 * reference to a secret means `secret`.
 */
export async function lendHost(options: { readonly now?: Date; readonly secret?: string } = {}): Promise<LentHost> {
  const scratchDir = await mkdtemp(join(tmpdir(), 'holdfast-conformance-'));
  const controller = new AbortController();
  return {
    log: { debug() {}, info() {}, warn() {} },
    signal: controller.signal,
    scratchDir,
    span: silentSpan,
    now: () => options.now ?? new Date(),
    secret: () => Promise.resolve(options.secret ?? 'a secret of the conformance kit'),
    abort: (reason) => controller.abort(reason),
    async [Symbol.asyncDispose]() {
      await rm(scratchDir, { recursive: true, force: true });
    },
  };
}

const silentSpan: Span = { child: () => silentSpan, set() {}, end() {} };
