import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PluginSpec } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { fail, type Host, type Span, type TargetPlugin } from '../contract/index.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import type { Invocation } from './invocation.ts';

/** The targets of a policy, opened outside a run: to set them up, and to list the keys they hold. */
export class OpenTargets implements AsyncDisposable {
  readonly store: Store;
  readonly #opened: AsyncDisposableStack;

  private constructor(targets: readonly NamedTarget[], opened: AsyncDisposableStack) {
    this.store = new Store(targets);
    this.#opened = opened;
  }

  /** Opens all of them, or none. With `create`, first makes the places they stand on. */
  static async open(
    specs: readonly PluginSpec[],
    plugins: PluginRegistry,
    invocation: Invocation,
    create = false,
  ): Promise<OpenTargets> {
    await using opened = new AsyncDisposableStack();
    const scratchDir = await mkdtemp(path.join(tmpdir(), 'holdfast-'));
    opened.defer(() => rm(scratchDir, { recursive: true, force: true }));
    const host = lentHost(invocation, scratchDir);
    const targets: NamedTarget[] = [];
    for (const { name, type, options } of specs) {
      const plugin = plugins.get('target', type) ?? failNoPlugin(type);
      if (create) await plugin.create?.(options, host);
      targets.push({ name, target: opened.use(await plugin.open(options, host)) });
    }
    return new OpenTargets(targets, opened.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

const span: Span = { child: () => span, set() {}, end() {} };

function lentHost({ terminal, signal, now }: Invocation, scratchDir: string): Host {
  const log = {
    debug: (message: string) => terminal.detail(message),
    info: (message: string) => terminal.detail(message),
    warn: (message: string) => terminal.warn(message),
  };
  return { log, signal, scratchDir, span, now };
}

function failNoPlugin(type: string): TargetPlugin {
  return fail({
    code: 'PLUGIN_INVALID',
    message: `There is no target plugin named ${type}.`,
    origin: 'agent',
    permanent: true,
  });
}
