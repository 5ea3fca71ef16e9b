import type { InodeToSet } from './inode-extras.ts';
import { rawName, textName } from './xattr-name.ts';

/**
 * The text that getfattr(1) writes with `--dump --encoding=hex`, and setfattr(1) reads with `--restore`: for each file a line
 * `# file: path`, a line `name=0x…` for each attribute, and an empty one. Backslashes, line ends and the `=` of a name are `\ooo`.
 */
export function parseDump(dump: Uint8Array): Map<string, Record<string, Uint8Array>> {
  const files = new Map<string, Record<string, Uint8Array>>();
  let xattrs: Record<string, Uint8Array> = Object.create(null);
  for (const line of Buffer.from(dump).toString('latin1').split('\n')) {
    if (line.startsWith(FILE)) {
      xattrs = Object.create(null);
      files.set(unquoted(line.slice(FILE.length)), xattrs);
      continue;
    }
    const at = line.indexOf('=');
    if (at < 0) continue;
    const raw = unquoted(line.slice(0, at));
    xattrs[textName(raw) ?? raw] = Buffer.from(line.slice(at + 1).replace(/^0x/, ''), 'hex');
  }
  return files;
}

/** The dump of attributes to set on what lies in the folder that setfattr is started in. */
export function dumpOf(inodes: readonly Pick<InodeToSet, 'name' | 'xattrs'>[]): Buffer {
  const lines = inodes.flatMap(({ name, xattrs }) => [
    `${FILE}${quoted(Buffer.from(name).toString('latin1'))}`,
    ...Object.entries(xattrs ?? {}).map(
      ([text, value]) => `${quoted(rawName(text))}=0x${Buffer.from(value).toString('hex')}`,
    ),
    '',
  ]);
  return Buffer.from(`${lines.join('\n')}\n`, 'latin1');
}

const FILE = '# file: ';

function quoted(raw: string): string {
  return raw.replace(/[\\\n\r=]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function unquoted(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
