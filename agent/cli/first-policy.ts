import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the default policy goes, and what it is called when it is looked for. */
export const POLICY_NAME = 'holdfast.yaml';
/** The recipient whose key `init` makes. */
export const RECOVERY_RECIPIENT = 'recovery';

export interface FirstPolicy {
  /** The folder the policy is written to. */
  readonly folder: string;
  /** The folder it protects, absolute. */
  readonly protect: string;
  /** Where the repository goes, absolute. */
  readonly repository: string;
  readonly exclude?: readonly string[];
}

/** The policy that `init` writes for somebody who has none: short, complete, and every line says what it is for. */
export function firstPolicy({ folder, protect, repository, exclude = [] }: FirstPolicy): string {
  // A repository inside what it protects would grow with every run.
  const own = pathInside(protect, repository);
  const patterns = [...(own === undefined ? [] : [`/${own}/`]), ...exclude];
  return `${modeline(folder)}# What is backed up on this host, where to, and who can read it. Check it with: holdfast validate
version: 1

# Who can open backups: OpenPGP public keys. The host itself cannot. Add a second one that somebody else keeps.
recipients:
  ${RECOVERY_RECIPIENT}: { publicKey: keys/recovery.asc }

# What is protected.
sources:
  files:
    type: files
    paths: [${quoted(protect)}]
    # Patterns as in .gitignore, for instance: node_modules/, "*.tmp", /build/
    exclude: [${patterns.map(quoted).join(', ')}]

# Where backups are kept. One place is not enough: add another disk, a NAS, or an S3 bucket with object lock.
targets:
  local: { type: local, path: ${quoted(repository)} }

# What is kept. A snapshot stays as long as one of these rules keeps it.
retention:
  standard: { keep: { last: 7, daily: 14, weekly: 8, monthly: 12 } }

# What runs: holdfast run files
jobs:
  files: { source: files, targets: [local], retention: standard }
`;
}

// JSON strings are YAML double-quoted strings (YAML 1.2, 7.3.1).
function quoted(text: string): string {
  return /^[\w/.-]+$/.test(text) && /^[/A-Za-z]/.test(text) ? text : JSON.stringify(text);
}

/** The path of `inner` below `outer`; undefined when it does not lie in it. */
export function pathInside(outer: string, inner: string): string | undefined {
  const relative = path.relative(outer, inner);
  const outside = relative === '' || relative === '..' || relative.startsWith('../');
  return outside ? undefined : relative;
}

/** For editors with the YAML language server; left out where the path of the schema would be of this machine only. */
function modeline(folder: string): string {
  const schema = fileURLToPath(new URL('schemas/policy.schema.json', packageRoot()));
  const relative = path.relative(folder, schema);
  if (relative.startsWith('../../') || path.isAbsolute(relative) || !existsSync(schema)) return '';
  return `# yaml-language-server: $schema=${relative}\n`;
}

function packageRoot(): string {
  return new URL('./', import.meta.resolve('holdfast/package.json')).href;
}
