import { StringDecoder } from 'node:string_decoder';
import { HoldfastError } from '../contract/index.ts';

/** The part of `process.stdin` that a prompt needs. */
export interface SecretInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'end' | 'close', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface SecretOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

interface Question {
  readonly question: string;
  /** What is typed is no secret: it is shown. */
  readonly shown?: boolean;
  readonly input: SecretInput;
  readonly output: SecretOutput;
  readonly signal?: AbortSignal;
}

/** What a key does while a secret is typed. */
type Stroke = 'enter' | 'erase' | 'clear' | 'cancel' | { readonly text: string };

/**
 * Asks on a terminal and shows nothing of what is typed, unless it is `shown`. Resolves to undefined when the input ends without a line.
 * Ctrl-C, and an aborted signal, fail with `CANCELLED`. The terminal is set back whatever happens.
 */
export async function askSecret({ question, shown, input, output, signal }: Question): Promise<string | undefined> {
  const done = Promise.withResolvers<string | undefined>();
  const decoder = new StringDecoder('utf8');
  let typed = '';
  const onData = (bytes: Buffer) => {
    for (const stroke of strokes(decoder.write(bytes))) {
      if (stroke === 'enter') return done.resolve(typed);
      if (stroke === 'cancel') return done.reject(cancelled());
      const before = typed;
      typed = applied(typed, stroke);
      if (shown) output.write(echoOf(before, typed));
    }
  };
  const onEnd = () => done.resolve(undefined);
  const onAbort = () => done.reject(cancelled());
  output.write(question);
  input.setRawMode?.(true);
  input.on('data', onData);
  input.on('end', onEnd);
  input.on('close', onEnd);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal?.aborted) onAbort();
    input.resume();
    return await done.promise;
  } finally {
    input.off('data', onData);
    input.off('end', onEnd);
    input.off('close', onEnd);
    signal?.removeEventListener('abort', onAbort);
    input.setRawMode?.(false);
    input.pause();
    output.write('\n');
  }
}

function* strokes(text: string): Generator<Stroke> {
  // Arrow and function keys arrive as escape sequences; they are no part of a passphrase.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  for (const character of text.replace(/\x1b(?:\[[0-9;]*[ -/]*[@-~]|O.)/g, '')) {
    if (character === '\r' || character === '\n' || character === '\x04') yield 'enter';
    else if (character === '\x03') yield 'cancel';
    else if (character === '\x7f' || character === '\b') yield 'erase';
    else if (character === '\x15') yield 'clear';
    else if (character >= ' ' || character === '\t') yield { text: character };
  }
}

/** Letters that came, or were taken back. */
function echoOf(before: string, after: string): string {
  if (after.startsWith(before)) return after.slice(before.length);
  return '\b \b'.repeat([...before].length - [...after].length);
}

function applied(typed: string, stroke: Exclude<Stroke, 'enter' | 'cancel'>): string {
  if (stroke === 'clear') return '';
  return stroke === 'erase' ? [...typed].slice(0, -1).join('') : typed + stroke.text;
}

function cancelled(): HoldfastError {
  return new HoldfastError({
    code: 'CANCELLED',
    message: 'Cancelled at the prompt.',
    origin: 'agent',
    permanent: true,
  });
}
