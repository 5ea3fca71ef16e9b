import { definePlugin } from 'holdfast/plugin';
import { checkOptions } from './option-check.ts';
import { postgresOptions, selectOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'source',
  name: 'postgres',
  api: 1,
  version: '0.1.0',
  stability: 'beta',
  summary: 'Databases of a PostgreSQL server, logically: any of them, or any table, restored onto a running server.',
  options: postgresOptions,
  can: ['select', 'running', 'mask', 'no-owner'],
  select: selectOptions,
  formats: ['custom', 'plain'],
  check: checkOptions,
  async open(options, host) {
    const { PostgresSource } = await import('./source.ts');
    return new PostgresSource(options, host);
  },
});
