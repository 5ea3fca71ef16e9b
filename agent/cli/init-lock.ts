import { DomainLock } from '../catalog/domain-lock.ts';
import { fail, failureOf } from '../contract/index.ts';

/**
 * One `init` in a state folder at a time. Two would take each other's half-made files for what a killed one left, and end with the key
 * of one beside the passphrase of the other. Undefined where the folder cannot be written to: what is made there next says so.
 */
export function lockInit(stateFolder: string): DomainLock | undefined {
  try {
    return DomainLock.take(stateFolder, '.init');
  } catch (error) {
    if (failureOf(error, { code: '', origin: 'agent' }).code !== 'BUSY') return undefined;
    return fail(
      {
        code: 'BUSY',
        message: 'Another `holdfast init` is setting this host up.',
        origin: 'agent',
        permanent: false,
        hint: 'Say it again when that one has ended.',
      },
      error,
    );
  }
}
