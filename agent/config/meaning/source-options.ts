import type { Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';
import type { PluginRegistry } from '../registry.ts';

/** What the plugin of a source finds wrong with its options, beyond what a schema can say. */
export function checkSourceOptions({ sources }: Policy, registry: PluginRegistry): Problem[] {
  return Object.values(sources).flatMap(({ name, type, options }): Problem[] => {
    // The options were checked against the plugin's own schema.
    const doubts = registry.get('source', type)?.check?.(options as never) ?? [];
    return doubts.map(({ path, message, hint }) => {
      return { code: 'HF4028', message, path: ['sources', name, ...path], on: 'value', hint };
    });
  });
}
