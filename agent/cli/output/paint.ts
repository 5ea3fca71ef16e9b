import { styleText } from 'node:util';

export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours text, or leaves it as it is. */
export type Paint = (tone: Tone, text: string) => string;

interface ColourQuestion {
  readonly isTTY: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** False after `--no-color`. */
  readonly wanted: boolean;
}

/** Colours only where a person looks: a terminal, no `--no-color`, no NO_COLOR (https://no-color.org), no TERM=dumb. */
export function choosePaint({ isTTY, env, wanted }: ColourQuestion): Paint {
  if (!wanted || !isTTY || env['NO_COLOR'] || env['TERM'] === 'dumb') return (_tone, text) => text;
  return (tone, text) => styleText(tone, text, { validateStream: false });
}
