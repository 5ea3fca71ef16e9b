import type { OptionDoubt } from 'holdfast/plugin';
import type { PostgresOptions } from './options.ts';

/** Masks that nothing could be restored with: the key that some of their rules need is missing. */
export function checkOptions({ masks = {} }: PostgresOptions): OptionDoubt[] {
  return Object.entries(masks).flatMap(([name, { key, rules }]) => {
    if (key !== undefined) return [];
    return rules.flatMap(({ table, columns }, index) =>
      Object.entries(columns)
        .filter(([, rule]) => rule.with === 'hash' || rule.with === 'fake')
        .map(([column, rule]) => ({
          path: ['masks', name, 'rules', index, 'columns', column],
          message: `"${rule.with}" of ${table}, ${column} needs a key, and the masks "${name}" have none`,
          hint: 'give "key" beside "rules": a secret of 16 bytes or more, made by `openssl rand -base64 32`',
        })),
    );
  });
}
