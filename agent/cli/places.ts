import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Policy } from '../config/policy.ts';
import { type Engine, hostFor, pluginOf } from '../engine/opening.ts';
import { noSpan } from './open-repository.ts';

/** Makes the places that the targets stand on, where they are not there yet. For `init` alone. */
export async function makePlaces(engine: Engine, policy: Policy, signal: AbortSignal): Promise<void> {
  const scratchDir = await mkdtemp(path.join(tmpdir(), 'holdfast-init-'));
  try {
    for (const target of Object.values(policy.targets)) {
      const plugin = pluginOf(engine.registry, 'target', target);
      await plugin.create?.(target.options, hostFor(engine, { log: engine.log, signal, scratchDir, span: noSpan }));
    }
  } finally {
    await rm(scratchDir, { recursive: true, force: true });
  }
}
