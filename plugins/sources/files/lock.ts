import { type Failure, failureOf } from 'holdfast/plugin';
import { flagLetters, locksOf } from 'holdfast/system';
import { errnoOf } from './failure.ts';
import { bytesOf, childOf, parentOf, printable, type RawPath } from './raw-path.ts';
import { kindOf, lookAt } from './standing.ts';

/**
 * Says of something that could not be changed that it has a flag that forbids it to everybody, or that the folder has which it lies in;
 * undefined when `error` or the flags are of another kind. `folder`: what is restored into.
 */
export function lockFailure(error: unknown, path: RawPath, folder: RawPath): Failure | undefined {
  const { code, message } = failureOf(error, { code: errnoOf(error), origin: 'source' });
  if (code !== 'EPERM' && !/\bEPERM\b/.test(message)) return undefined;
  const place = path === '' ? folder : childOf(folder, path);
  const locked = lettersAt(place) !== '' || path === '' ? place : parentOf(place);
  const letters = lettersAt(locked);
  if (letters === '') return undefined;
  const words = letters.includes('i') ? 'immutable' : 'append-only';
  const which = locked === place ? 'it' : `the folder ${printable(locked)}`;
  const byHand = `\`chattr -${letters}\` takes the flag off ${printable(locked)}`;
  return {
    code: 'RESTORE_LOCKED',
    message: `${printable(path)} was left as it is: ${which} is ${words}, which forbids it even to root`,
    origin: 'source',
    permanent: true,
    hint:
      process.geteuid?.() === 0
        ? `${byHand}; a restore does that by itself only where the snapshot says what flags it had, and removes nothing that has one`
        : `${byHand}; a restore that root runs does it by itself where the snapshot says what flags it had`,
  };
}

function lettersAt(place: RawPath): string {
  try {
    const stands = lookAt(place);
    if (stands === undefined || (kindOf(stands) !== 'file' && kindOf(stands) !== 'directory')) return '';
    return flagLetters(locksOf(bytesOf(place)));
  } catch {
    return ''; // then what went wrong is said as the system said it
  }
}
