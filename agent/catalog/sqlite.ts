export type Sqlite = typeof import('node:sqlite');

/**
 * `node:sqlite` without its ExperimentalWarning, which Node prints when the module is first loaded (24 does, later lines
 * do not). A static import would be evaluated before anything here could keep it back. Every other warning passes.
 */
export function loadSqlite(): Sqlite {
  const emitWarning = process.emitWarning;
  const passOn = (...args: unknown[]) => {
    if (!isSqliteNotice(args)) Reflect.apply(emitWarning, process, args);
  };
  process.emitWarning = passOn;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isSqliteNotice([warning, type]: unknown[]): boolean {
  return type === 'ExperimentalWarning' && String(warning).startsWith('SQLite');
}
