import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { At } from '../../../config/diagnostic.ts';

/** The folder that services count paths from: what they show is found by its path in the repository. */
export class Checkout {
  readonly root: string;

  /** `root` is absolute. */
  constructor(root: string) {
    this.root = root;
  }

  /**
   * The repository that `cwd` lies in; where there is none (a workspace without `.git`, such as that of a container), the
   * workspace that the service names, or else `cwd` itself.
   */
  static around(cwd: string, env: NodeJS.ProcessEnv): Checkout {
    const workspace = env['GITHUB_WORKSPACE'] || env['CI_PROJECT_DIR'] || env['WORKSPACE'];
    const inside =
      workspace && path.isAbsolute(workspace) && existsSync(workspace) ? realpathSync(workspace) : undefined;
    // A submodule has a root of its own, but the service knows the paths of the whole.
    if (inside !== undefined && existsSync(path.join(inside, '.git'))) return new Checkout(inside);
    return new Checkout(repositoryOf(cwd) ?? inside ?? cwd);
  }

  /** The path below the root, separated by `/`; undefined for the root itself and for what lies outside. */
  pathOf(file: string): string | undefined {
    const relative = path.relative(this.root, file);
    const outside =
      relative === '' || relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
    return outside ? undefined : relative.split(path.sep).join('/');
  }

  /** The same for people: `.` for the root, and the whole path of what lies outside. */
  shown(file: string): string {
    return this.pathOf(file) ?? (file === this.root ? '.' : file);
  }

  /** `etc/holdfast.yaml:3:5` */
  placeOf({ file, line, column }: At): string {
    return `${this.shown(file)}:${line}:${column}`;
  }
}

function repositoryOf(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    // A file in a worktree or submodule, a folder elsewhere.
    if (existsSync(path.join(folder, '.git'))) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}
