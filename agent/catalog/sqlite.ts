import { builtinModule } from '../system/builtin-module.ts';

export type Sqlite = typeof import('node:sqlite');

/** `node:sqlite`, which Node 24 warns is experimental; later lines do not. */
export function loadSqlite(): Sqlite {
  const sqlite = builtinModule('node:sqlite', 'SQLite');
  if (sqlite === undefined) throw new Error('this Node was built without node:sqlite');
  return sqlite;
}
