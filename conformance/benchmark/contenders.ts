import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './measure.ts';
import type { Program } from './program.ts';

/** One program that backs up and restores. `work` is an empty folder of its own, new for every round. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** Makes a repository below `work`. Not measured. */
  prepare(work: string, tree: string): Command;
  backup(work: string, tree: string): Command;
  /** Restores the latest backup below `into`, which exists and is empty. */
  restore(work: string, tree: string, into: string): Command;
  /** Where the tree lies after `restore`. */
  restored(tree: string, into: string): string;
}

/** Where every contender keeps what it stores: what lies there is its size. */
export const REPOSITORY = 'repository';

const PASSPHRASE = 'benchmark';

/** What `command` says of itself; undefined when it is not installed. */
function firstLine(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0]?.trim() : undefined;
}

export function holdfast(program: Program): Contender {
  const run = (work: string, ...args: readonly string[]): Command => ({
    command: process.execPath,
    args: [...program, ...args, '--policy', join(work, 'policy.yaml')],
    cwd: work,
    env: { HOLDFAST_STATE: join(work, 'state'), HOLDFAST_PASSPHRASE: PASSPHRASE },
  });
  const policy = (work: string, tree: string) => `version: 1
recipients: { recovery: { publicKey: recovery.asc } }
sources: { tree: { type: files, paths: [${JSON.stringify(tree)}] } }
targets: { local: { type: local, path: ${JSON.stringify(join(work, REPOSITORY))} } }
retention: { standard: { keep: { last: 3 } } }
jobs: { tree: { source: tree, targets: [local], retention: standard } }
`;
  return {
    name: 'holdfast',
    version: firstLine(process.execPath, [...program, '--version']) ?? 'unknown',
    prepare: (work, tree) => {
      writeFileSync(join(work, 'policy.yaml'), policy(work, tree));
      return run(work, 'init', '--yes');
    },
    backup: (work) => run(work, 'run'),
    restore: (work, _, into) => run(work, 'restore', 'tree', '--into', into),
    restored: (_, into) => into,
  };
}

function restic(): Contender | undefined {
  const version = firstLine('restic', ['version']);
  const run = (work: string, ...args: readonly string[]): Command => ({
    command: 'restic',
    args: ['--quiet', ...args],
    cwd: work,
    env: {
      RESTIC_REPOSITORY: join(work, REPOSITORY),
      RESTIC_PASSWORD: PASSPHRASE,
      RESTIC_CACHE_DIR: join(work, 'cache'),
    },
  });
  return version === undefined
    ? undefined
    : {
        name: 'restic',
        version: version.split(' ')[1] ?? version,
        prepare: (work) => run(work, 'init', '--repository-version', '2'),
        backup: (work, tree) => run(work, 'backup', tree),
        restore: (work, _, into) => run(work, 'restore', 'latest', '--target', into),
        restored: (tree, into) => join(into, tree),
      };
}

function borg(): Contender | undefined {
  const version = firstLine('borg', ['--version']);
  const run = (work: string, cwd: string, ...args: readonly string[]): Command => ({
    command: 'borg',
    args,
    cwd,
    env: { BORG_REPO: join(work, REPOSITORY), BORG_PASSPHRASE: PASSPHRASE, BORG_BASE_DIR: join(work, 'base') },
  });
  return version === undefined
    ? undefined
    : {
        name: 'borg',
        version: version.split(' ')[1] ?? version,
        prepare: (work) => run(work, work, 'init', '--encryption', 'repokey'),
        // Its default is lz4; zstd 3 is what the others do.
        backup: (work, tree) => run(work, work, 'create', '--compression', 'zstd,3', '::tree-{utcnow:%s%f}', tree),
        restore: (work, tree, into) => {
          const list = run(work, work, 'list', '--last', '1', '--format', '{archive}');
          const { stdout } = spawnSync(list.command, list.args, {
            ...list,
            env: { ...process.env, ...list.env },
            encoding: 'utf8',
          });
          return run(work, into, 'extract', `::${stdout}`, tree.slice(1));
        },
        restored: (tree, into) => join(into, tree),
      };
}

/** This project first, then the peers that are installed, and the names of those that are not. */
export function findContenders(program: Program): {
  readonly contenders: readonly Contender[];
  readonly missing: readonly string[];
} {
  const peers = { restic: restic(), borg: borg() };
  const found = Object.values(peers).filter((peer) => peer !== undefined);
  const missing = Object.entries(peers).flatMap(([name, peer]) => (peer === undefined ? [name] : []));
  return { contenders: [holdfast(program), ...found], missing };
}

/** An empty work folder for a contender. */
export function makeWork(parent: string, name: string): string {
  const work = join(parent, name);
  mkdirSync(work);
  return work;
}
