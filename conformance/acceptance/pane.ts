import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PROGRAM_LINE } from './program.ts';

const run = promisify(execFile);

export interface PaneOptions {
  /** Where its files lie, and where the shell stands. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
}

export function isTmuxInstalled(): boolean {
  return spawnSync('tmux', ['-V']).status === 0;
}

/** A real terminal with a shell in it, in which `holdfast` is the program: tmux with a server of its own. */
export class Pane implements AsyncDisposable {
  readonly #socket: string;
  #number = 0;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  static async open({ folder, env = {}, columns = 100 }: PaneOptions): Promise<Pane> {
    const bin = join(folder, 'bin-holdfast');
    await writeFile(bin, `#!/bin/sh\n${PROGRAM_LINE}\n`);
    await chmod(bin, 0o755);
    const socket = join(folder, 'tmux.socket');
    const size = ['-x', String(columns), '-y', '40'];
    const shell = ['env', '-u', 'TMUX', 'PS1=> ', 'ENV=', 'sh', '-i'];
    await run('tmux', ['-u', '-S', socket, '-f', '/dev/null', 'new-session', '-d', ...size, ...shell], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8', ...env },
    });
    const pane = new Pane(socket);
    await pane.until((screen) => screen.includes('>'));
    await pane.type(`holdfast() { ${bin} "$@"; }; clear`);
    await pane.until((screen) => /^>\s*$/.test(screen));
    return pane;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('tmux', ['-S', this.#socket, ...args]);
    return stdout;
  }

  /** What a person sees now, line by line; with `colours`, the escapes that make them. */
  screen({ colours = false } = {}): Promise<string> {
    return this.#tmux('capture-pane', '-p', ...(colours ? ['-e'] : []));
  }

  /** And what scrolled out of sight, with lines that were too long for the window in one piece. */
  history(): Promise<string> {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-');
  }

  /** Types text as it is, and presses Enter. */
  async type(text: string): Promise<void> {
    await this.write(text);
    await this.press('Enter');
  }

  async write(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text);
  }

  /** Presses a key, by its name in tmux: `Enter`, `C-c`. */
  async press(key: string): Promise<void> {
    await this.#tmux('send-keys', key);
  }

  async resize(columns: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns));
  }

  async isCursorShown(): Promise<boolean> {
    return (await this.#tmux('display-message', '-p', '#{cursor_flag}')).trim() === '1';
  }

  /** Clears the screen and starts a command line there. What is seen from then on is of this one. */
  async start(command: string): Promise<void> {
    this.#number += 1;
    await this.type(`clear; echo "begun-${this.#number}"; ${command}; echo "ended-${this.#number}=$?"`);
    await this.until((screen) => new RegExp(`^begun-${this.#number}$`, 'm').test(screen));
  }

  /** Resolves when the command has ended: its exit code, what is seen, and what the terminal is set to. */
  async ended(): Promise<{ readonly exit: number; readonly screen: string; readonly settings: string }> {
    const mark = new RegExp(`^ended-${this.#number}=(\\d+)$`, 'm');
    const screen = await this.until((text) => mark.test(text));
    return { exit: Number(mark.exec(screen)?.[1]), screen, settings: await this.settings() };
  }

  /** `stty -g`: everything that the terminal is set to. */
  async settings(): Promise<string> {
    this.#number += 1;
    const mark = new RegExp(`^settings-${this.#number}=([\\da-f:]+)\\s*$`, 'm');
    await this.type(`echo "settings-${this.#number}=$(stty -g)"`);
    await this.until((screen) => screen.includes(`settings-${this.#number}=`));
    for (;;) {
      const [, settings] = mark.exec(await this.history()) ?? [];
      if (settings !== undefined) return settings;
    }
  }

  /** Looks again and again, until what is seen holds; does `meanwhile` between looks. */
  async until(
    holds: (screen: string) => boolean,
    meanwhile: () => Promise<void> = () => setTimeout(20),
  ): Promise<string> {
    const deadline = AbortSignal.timeout(60_000);
    for (;;) {
      const screen = await this.screen();
      if (holds(screen)) return screen;
      assert.ok(!deadline.aborted, `not seen:\n${screen}`);
      await meanwhile();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server').catch(() => '');
    await rm(this.#socket, { force: true });
  }
}
