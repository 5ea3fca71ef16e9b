import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from '../acceptance/program.ts';

export const NOBODY = 65534;

/** Lets root run the program as a user who may do nothing, from a copy of the checkout where that user cannot read it. */
export class Nobody implements Disposable {
  readonly #runs: string;
  readonly #copy: string | undefined;

  constructor() {
    const read = spawnSync('setpriv', [...identity(), 'test', '-r', join(checkout, 'package.json')]);
    this.#copy = read.status === 0 ? undefined : copyOfCheckout();
    this.#runs = this.#copy === undefined ? checkout : `${this.#copy}/`;
  }

  /** The command to run it through; `groups`: beside the user's own. */
  through(groups: readonly number[] = []): string[] {
    const words = identity(groups).join(' ');
    const elsewhere = `from=$1 to=$2; shift 2; exec setpriv ${words} "\${@//"$from"/"$to"}"`;
    return ['bash', '-c', elsewhere, 'bash', checkout, this.#runs];
  }

  [Symbol.dispose](): void {
    if (this.#copy !== undefined) rmSync(this.#copy, { recursive: true, force: true });
  }
}

function identity(groups: readonly number[] = []): string[] {
  const others = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
  return [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, others];
}

function copyOfCheckout(): string {
  const copy = mkdtempSync(join(tmpdir(), 'holdfast-checkout-'));
  chmodSync(copy, 0o755);
  for (const name of ['agent', 'plugins', 'schemas', 'package.json', 'node_modules']) {
    cpSync(join(checkout, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
  }
  spawnSync('chmod', ['-R', 'a+rX', copy]);
  return copy;
}
