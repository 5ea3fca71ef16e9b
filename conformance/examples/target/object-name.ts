import { refuse } from './refusal.ts';

const COMPONENT = /^(?!\.{1,2}$)[a-z0-9._-]+$/;
const LONGEST_KEY = 255;

/** The name of the file that holds an object: its key, with `+`, which no key has, for `/`. `KEY_INVALID` for what is no key. */
export function nameOf(key: string): string {
  const valid = key.length <= LONGEST_KEY && key.split('/').every((part) => COMPONENT.test(part));
  return valid ? key.replaceAll('/', '+') : refuse('KEY_INVALID', `${JSON.stringify(key)} is no key`);
}

/** Undefined for files that hold no object: those that are being written begin with `+`, as no key begins with `/`. */
export function keyOf(name: string): string | undefined {
  return name.startsWith('+') ? undefined : name.replaceAll('+', '/');
}

/** `KEY_INVALID` for what is neither empty nor a folder that ends in `/`. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') nameOf(prefix.endsWith('/') ? prefix.slice(0, -1) : '');
}
