import type { ShownEntry } from './entry-text.ts';
import { printablePath } from './printable.ts';

/** An entry for a program: bytes in base64, times as text of nanoseconds since 1970, the mode in octal. */
export function entryJson(entry: ShownEntry): Record<string, unknown> {
  const { mode, uid, gid, mtimeNs, birthNs, flags, xattrs } = entry.meta;
  return {
    kind: entry.kind,
    ...(entry.kind === 'file' ? { size: entry.size } : {}),
    ...('target' in entry ? namedJson('target', entry.target) : {}),
    ...(entry.kind === 'special' ? { type: entry.type, major: entry.major, minor: entry.minor } : {}),
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    mtimeNs: String(mtimeNs),
    ...(birthNs === undefined ? {} : { birthNs: String(birthNs) }),
    ...(flags === undefined ? {} : { flags }),
    ...(xattrs === undefined ? {} : { xattrs: inBase64(xattrs) }),
  };
}

/** A path as JSON can hold it; one that is no UTF-8 is readable there, and exact in base64 beside it. */
export function namedJson(field: 'path' | 'target', bytes: Uint8Array): Record<string, string> {
  const text = Buffer.from(bytes).toString('utf8');
  if (Buffer.from(text).equals(bytes)) return { [field]: text };
  return { [field]: printablePath(bytes), [`${field}Base64`]: Buffer.from(bytes).toString('base64') };
}

function inBase64(values: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  );
}
