import { escapes } from './failure.ts';
import { parentOf, type RawPath } from './raw-path.ts';

/**
 * Refuses (`RESTORE_ESCAPE`) a path that could lead out of the folder restored into. A stored tree was authenticated, but
 * whoever held the host's keys can have written anything.
 */
export function checkPath(path: RawPath): void {
  if (path === '') return;
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..' || name.includes('\0'))
      escapes(path, 'it is not a plain relative path');
  }
}

/** The folders around the current entry of a tree in tree order. Each entry must lie in one of them. */
export class OpenFolders<T> {
  readonly #stack: { readonly path: RawPath; readonly value: T }[];

  constructor(root: T) {
    this.#stack = [{ path: '', value: root }];
  }

  /** What was entered for the folder that `path` lies in. */
  around(path: RawPath): T {
    checkPath(path);
    const parent = parentOf(path);
    for (;;) {
      const top = this.#stack.at(-1);
      if (top === undefined) return escapes(path, 'what it lies in is not a folder of the tree');
      if (top.path === parent) return top.value;
      this.#stack.pop();
    }
  }

  enter(path: RawPath, value: T): void {
    this.#stack.push({ path, value });
  }
}
