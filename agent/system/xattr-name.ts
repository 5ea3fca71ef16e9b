/** The name of an extended attribute as the system has it: one character (U+0000 to U+00FF) for each byte. */
export type RawName = string;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function rawName(text: string): RawName {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The name as text; undefined when it is none. */
export function textName(raw: RawName): string | undefined {
  try {
    return strict.decode(Buffer.from(raw, 'latin1'));
  } catch {
    return undefined;
  }
}
