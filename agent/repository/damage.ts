import { fail } from '../contract/index.ts';

/** What bytes that are not what was written are called, by where they lie. */
export type DamageCode = 'OBJECT_DAMAGED' | 'PACK_DAMAGED' | 'TABLE_DAMAGED' | 'FRAME_DAMAGED';

/** `message` is one sentence that names the object. */
export function damaged(code: DamageCode, message: string): never {
  fail({
    code,
    message,
    origin: 'repository',
    permanent: true,
    hint: 'Run `holdfast verify`; another target may hold an intact copy of the object.',
  });
}

/** The bytes are as they were written; what is wrong is the key they were tried with. */
export function wrongKey(message: string): never {
  fail({
    code: 'WRONG_KEY',
    message,
    origin: 'key',
    permanent: true,
    hint: 'Use a key of the domain and epoch that wrote this; nothing is damaged.',
  });
}
