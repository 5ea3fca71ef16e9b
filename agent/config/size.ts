import { bytesOf, SIZE_TEXT } from '../contract/index.ts';

const whole = new RegExp(SIZE_TEXT);

/** Bytes, rounded down; `undefined` when `text` is not a size. */
export function parseSize(text: string): number | undefined {
  return whole.test(text) ? bytesOf(text) : undefined;
}

/** How a size that was written with a space, in lower case or without the `B` is written here: `32 mb` → `32MB`. */
export function respellSize(text: string): string | undefined {
  const [, number, prefix = '', i = '', b = ''] = /^\s*([\d.]+)\s*([kmgt])(i?)(b?)\s*$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  const binary = i !== '' || b === '';
  const unit = binary
    ? `${prefix.toUpperCase()}iB`
    : `${prefix === 'K' ? 'k' : prefix.replace(/[mgt]/, (letter) => letter.toUpperCase())}B`;
  const size = `${number}${unit}`;
  return whole.test(size) ? size : undefined;
}
