import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_LINE } from './program.ts';

/** The commands of a printed page, as they stand on it: a text for each block that is to be typed. */
export function commandsOn(page: string): string[] {
  return [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands = '']) => commands);
}

/**
 * Follows a page on an empty machine: a home in which nothing is, the program on the path, and the private key, put where the page says.
 * Returns the folder that the page made.
 */
export function followKit(page: string, o: { place: string; key: string; passphrase: string }): string {
  const [first = '', ...rest] = commandsOn(page);
  assert.ok(rest.length >= 2, 'the page has too few commands');
  const folder = /^cd (\S+)$/m.exec(first)?.[1] ?? assert.fail('the page goes nowhere');
  const keyFile =
    /Copy the private key into the folder, as (\S+)\.$/m.exec(page)?.[1] ?? assert.fail('no word of the key');
  const bin = join(o.place, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = `#!/bin/sh\n${PROGRAM_LINE}\n`;
  writeFileSync(join(bin, 'holdfast'), program, { mode: 0o755 });
  const type = (commands: string, cwd: string): string => {
    // As it was typed, one block after the other, in one shell.
    const { status, stdout, stderr } = spawnSync('sh', ['-eu'], {
      cwd,
      input: commands,
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env['PATH']}`, HOME: o.place, HOLDFAST_PASSPHRASE: o.passphrase },
    });
    assert.equal(status, 0, `${commands}\nended with ${status}:\n${stderr.slice(-3000)}${stdout.slice(-1000)}`);
    return stdout;
  };
  type(first, o.place);
  const made = join(o.place, folder);
  copyFileSync(o.key, join(made, keyFile));
  const said = type(rest.join(''), made);
  const code = /The code of .* must be the one above: (\S+)/.exec(page)?.[1] ?? assert.fail('no code');
  assert.ok(said.includes(code), 'what the empty machine shows is what the page says');
  return made;
}
