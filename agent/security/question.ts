import { HoldfastError } from '../contract/index.ts';
import type { SecretInput, SecretOutput } from './prompt.ts';

/**
 * Asks on a terminal for a yes, which is `y` or `yes`; everything else, and the end of the input, is a no. What is typed is shown, and the
 * line can be edited as the terminal does it. An aborted signal fails with `CANCELLED`.
 */
export async function askYes(o: {
  readonly question: string;
  readonly input: SecretInput;
  readonly output: SecretOutput;
  readonly signal: AbortSignal;
}): Promise<boolean> {
  const { question, input, output, signal } = o;
  const done = Promise.withResolvers<string>();
  let typed = '';
  const onData = (bytes: Buffer) => {
    typed += bytes.toString('utf8');
    if (typed.includes('\n')) done.resolve(typed);
  };
  const onEnd = () => done.resolve(typed);
  const onAbort = () => done.reject(new HoldfastError(cancelled));
  output.write(`${question} [y/N] `);
  input.on('data', onData);
  input.on('end', onEnd);
  input.on('close', onEnd);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    input.resume();
    return /^\s*y(es)?\s*$/i.test(await done.promise);
  } finally {
    input.off('data', onData);
    input.off('end', onEnd);
    input.off('close', onEnd);
    signal.removeEventListener('abort', onAbort);
    input.pause();
    if (!typed.includes('\n')) output.write('\n');
  }
}

const cancelled = { code: 'CANCELLED', message: 'Cancelled at the prompt.', origin: 'agent', permanent: true } as const;
