import { spawnSync } from 'node:child_process';
import type { Shell } from '../verbs/completion.ts';

/** Asks real shells what they would complete. Each line is given as its words as they are typed, the last one half. */
export interface Asked {
  readonly shell: Shell;
  /** The script that `holdfast completion` printed. */
  readonly script: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

type Line = readonly string[];

export function isInstalled(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

/** What is offered for each of the lines, as it would be inserted where the shell says so (bash), else as it is named. */
export function offered(asked: Asked, lines: readonly Line[]): string[][] {
  return { bash: offeredByBash, zsh: offeredByZsh, fish: offeredByFish }[asked.shell](asked, lines);
}

function output({ shell, cwd, env }: Asked, args: readonly string[]): string {
  const { stdout, stderr, status, signal } = spawnSync(shell, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
  if (status !== 0) throw new Error(`${shell} ended with ${status ?? signal}: ${stderr}`);
  return stdout;
}

const BASH = `
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_holdfast "$1" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "\${COMPREPLY[@]}"
`;

function offeredByBash(asked: Asked, lines: readonly Line[]): string[][] {
  return lines.map((words) => {
    // Readline breaks words at =, too (COMP_WORDBREAKS).
    const broken = words.flatMap((word) => (word.startsWith('--') ? word.split(/(=)/) : [word]));
    const last = broken.at(-1) === '' && broken.at(-2) === '=' ? broken.slice(0, -1) : broken;
    return wordsOf(output(asked, ['--norc', '-c', BASH, 'bash', asked.script, ...last]));
  });
}

function offeredByFish(asked: Asked, lines: readonly Line[]): string[][] {
  return lines.map((words) => {
    const ask = ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', asked.script, words.join(' ')];
    return wordsOf(output(asked, ask)).map((line) => line.split('\t')[0]?.replace(/^--[a-z]+=/, '') ?? '');
  });
}

// In a pseudo terminal: the completion system of zsh works in its line editor only. Markers are written otherwise than they
// are printed, because the shell echoes what it reads.
const ZSH = `
zmodload zsh/zpty
zpty shell 'TERM=dumb PS1= zsh -f -i'
await() {
  local part
  shown=
  while zpty -r shell part; do
    shown+=$part
    [[ $shown == *\${~1}* ]] && return
  done
}
zpty -w shell 'unset zle_bracketed_paste; unsetopt prompt_sp beep; stty -echo cols 200; LISTMAX=1000'
zpty -w shell 'autoload -Uz compinit; compinit -u -D'
zpty -w shell 'widget() { print; zle complete-word; print -r -- "made<$BUFFER>"; BUFFER="print E\\$((1))D"; zle .accept-line }'
zpty -w shell 'zle -N widget; bindkey "^T" widget'
zpty -w shell "source \${(q)1}; print REA''DY"
await READY
for line in "\${@:2}"; do
  zpty -w -n shell "$line"$'\\C-T'
  await 'made<*>*E1D'
  print -r -- "$shown"$'\\x1f'
done
zpty -d shell
`;

function offeredByZsh(asked: Asked, lines: readonly Line[]): string[][] {
  const shown = output(asked, ['-f', '-c', ZSH, 'zsh', asked.script, ...lines.map((words) => words.join(' '))]);
  return shown
    .split('\x1f')
    .slice(0, lines.length)
    .map((text, at) => listedByZsh(text.replaceAll('\r', ''), lines[at] ?? []));
}

/** The list below the line; without a list, the one word that the line was completed with. */
function listedByZsh(text: string, words: Line): string[] {
  const [, made = '', below = ''] = /made<(.*)>\n([\s\S]*)$/.exec(text) ?? [];
  const rows = below.split('\n').filter((row) => row.trim() !== '' && !/print E|E1D/.test(row));
  const listed = rows.flatMap((row) => (row.includes(' -- ') ? [row.split(' -- ')[0] ?? ''] : row.split(/ {2,}/)));
  if (listed.length > 0) return listed.map((word) => word.trim()).filter(Boolean);
  const typed = words.join(' ');
  const word = made.slice(typed.length - (words.at(-1)?.length ?? 0)).trim();
  return made === typed ? [] : [word.replace(/^--[a-z]+=/, '')];
}

function wordsOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
