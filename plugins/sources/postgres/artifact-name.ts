/*
 * Artifacts are called `<database>/<schema>/<table>`, so that what selects files selects tables: `orders`, `trading/`, `public/*_log`. What
 * is no table begins with a dot, which in a name of the server stands as %2E.
 */
export const GLOBALS = '.globals.sql';
export const SETTINGS = '.settings.json';
export const MANIFEST = '.manifest.json';

export function tableArtifact(database: string, schema: string, table: string): string {
  return [database, schema, table].map(component).join('/');
}

/** What selects it selects all of a database. */
export function databaseFolder(database: string): string {
  return component(database);
}

export function definitionsArtifact(database: string): string {
  return `${component(database)}/.definitions.pgdump`;
}

export function largeObjectsArtifact(database: string): string {
  return `${component(database)}/.large-objects`;
}

/** What {@link tableArtifact} was made of. */
export function tableOfArtifact(artifact: string): {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
} {
  const [database = '', schema = '', table = ''] = artifact
    .split('/')
    .map((part) => part.replaceAll(/%([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16))));
  return { database, schema, table };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are allowed in names of PostgreSQL, and in no path that people are shown
const ODD = /[/%\u0000-\u001f\u007f]|^\./g;

function component(name: string): string {
  return name.replaceAll(ODD, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
