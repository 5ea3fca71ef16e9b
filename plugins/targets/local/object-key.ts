import { fail } from 'holdfast/plugin';

const component = /^[a-z0-9._-]+$/;
const MAX_KEY_BYTES = 255;

/** Whether `key` is one: components of `[a-z0-9._-]`, none of them `.` or `..`, at most 255 bytes in all. */
export function isKey(key: string): boolean {
  return key.length <= MAX_KEY_BYTES && key.split('/').every(isComponent);
}

/** Whether a name in a folder can be a part of a key. What cannot is not the target's, or is a temporary file. */
export function isComponent(name: string): boolean {
  return component.test(name) && name !== '.' && name !== '..';
}

/** Refuses what is not a key, before anything is touched. */
export function assertKey(key: string): void {
  if (!isKey(key)) refuse('a key', key);
}

/** Refuses what is neither empty nor a folder of keys, ending in `/`. */
export function assertPrefix(prefix: string): void {
  if (prefix !== '' && !(prefix.endsWith('/') && isKey(prefix.slice(0, -1)))) refuse('a prefix', prefix);
}

function refuse(what: string, text: string): never {
  return fail({
    code: 'KEY_INVALID',
    message: `${JSON.stringify(text)} is not ${what} of an object`,
    origin: 'target',
    permanent: true,
  });
}
