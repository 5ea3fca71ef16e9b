/**
 * Encodings of databases that hold letters beside ASCII in one byte each, as the Encoding Standard calls them; that takes more
 * bytes for letters than some of them do. PostgreSQL documentation, "Character Set Support", table of server encodings.
 */
const SINGLE_BYTE: Readonly<Record<string, string>> = {
  LATIN1: 'iso-8859-1',
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN5: 'iso-8859-9',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`WIN125${n}`, `windows-125${n}`])),
};
const SEVERAL_BYTES: Readonly<Record<string, string>> = { EUC_JP: 'euc-jp', EUC_KR: 'euc-kr', EUC_CN: 'gbk' };

/** All 256 characters of an encoding of single bytes, by byte; undefined for another. A byte without a letter is itself. */
export function singleByteLetters(encoding: string): string | undefined {
  const label = SINGLE_BYTE[encoding];
  if (label === undefined) return undefined;
  const letters = new TextDecoder(label).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return Array.from(letters, (letter, byte) => (letter === '\ufffd' ? String.fromCharCode(byte) : letter)).join('');
}

/** Reads what a database of that encoding wrote. */
export function decoderOf(encoding: string): (bytes: Uint8Array) => string {
  const decoder = new TextDecoder(SINGLE_BYTE[encoding] ?? SEVERAL_BYTES[encoding] ?? 'utf-8', { ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}
