import type { Schema } from '../config/plugin-options.ts';
import { fieldTable } from './field-table.ts';
import { inlined } from './inlined.ts';

/** A plugin's options as a Markdown table. The key that names the plugin is left out: it is the same in every policy. */
export function optionsTable(schema: Schema): string {
  const skip = (path: string) => path === 'type' || path === 'algorithm';
  return fieldTable(inlined(schema), { heading: 'option', skip }) || 'It has no options.\n';
}
