import { fail } from 'holdfast/plugin';
import type { TableRecord } from './manifest.ts';
import { type Address, describeAddress } from './session.ts';

/** `RESTORE_CONFLICT`, each: what is there, and how to go round it. */
export function notEmpty(address: Address): never {
  fail({
    code: 'RESTORE_CONFLICT',
    message: `database ${describeAddress(address)} is not empty`,
    origin: 'source',
    permanent: true,
    hint: 'restore to another name (--into postgresql:///copy), name the tables that you want, or choose --conflict skip or replace',
  });
}

export function tablesExist(tables: readonly TableRecord[], address: Address): never {
  const names = tables.slice(0, 5).map(({ schema, table }) => `${schema}.${table}`);
  const more = tables.length > names.length ? ` and ${tables.length - names.length} more` : '';
  fail({
    code: 'RESTORE_CONFLICT',
    message: `database ${describeAddress(address)} has ${names.join(', ')}${more} already`,
    origin: 'source',
    permanent: true,
    hint: 'restore to another database (--into postgresql:///copy), or choose --conflict skip, or --conflict replace for their rows',
  });
}

/** They have numbers only, so that one may be another by now: none is written over, and none left for the one that was captured. */
export function largeObjectsExist(source: string, address: Address): never {
  fail({
    code: 'RESTORE_CONFLICT',
    message: `database ${describeAddress(address)} has large objects already, which are told from those of the backup by nothing but numbers`,
    origin: 'source',
    permanent: true,
    hint: `restore to another database (--into postgresql:///copy), or tables without large objects: name them, as ${source}/public/`,
  });
}
