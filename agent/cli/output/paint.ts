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

export function choosePaint(question: ColourQuestion): Paint {
  if (!coloured(question)) return (_tone, text) => text;
  return (tone, text) => styleText(tone, text, { validateStream: false });
}

/**
 * Whoever says no is heard first: `--no-color`, NO_COLOR (https://no-color.org). Then FORCE_COLOR (https://force-color.org; 0 and
 * false as Node has them). Else colours are only where a person looks: on a terminal that is not TERM=dumb.
 */
function coloured({ isTTY, env, wanted }: ColourQuestion): boolean {
  if (!wanted || env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced) return forced !== '0' && forced !== 'false';
  return isTTY && env['TERM'] !== 'dumb';
}
