/**
 * Loaded into a child with `--import`, in every thread: does to a file what its name says, at the moment it is
 * opened for reading or read from. From outside, these moments would be met by luck only. The file named `grows` gets more
 * with each read than the read took.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';

const { openSync, readSync, closeSync } = fs;
const open = new Map<number, string>();

/** What happens before the file of this name is opened. */
const before: Readonly<Record<string, (path: string) => void>> = {
  vanishes: (path) => fs.unlinkSync(path),
  'becomes a link': (path) => {
    fs.unlinkSync(path);
    fs.symlinkSync('/etc/passwd', path);
  },
  'becomes a FIFO': (path) => fs.renameSync(join(dirname(path), 'pipe'), path),
  'becomes a folder': (path) => {
    fs.unlinkSync(path);
    fs.mkdirSync(path);
  },
  'is renewed': (path) => {
    fs.writeFileSync(`${path}.new`, 'the new one');
    fs.renameSync(`${path}.new`, path);
  },
};

/** What happens before it is read from. */
const during: Readonly<Record<string, (path: string, wanted: number) => void>> = {
  grows: (path, wanted) => fs.appendFileSync(path, Buffer.alloc(wanted + 1, 'more')),
  shrinks: (path) => fs.truncateSync(path, 1000),
  'vanishes while read': (path) => fs.rmSync(path, { force: true }),
};
const done = new Set<string>();

fs.openSync = (path, flags, mode) => {
  const name = basename(String(path));
  const isRead = typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_DIRECTORY)) === 0;
  if (isRead && name in before && !done.has(name)) {
    done.add(name);
    before[name]?.(String(path));
  }
  const descriptor = openSync(path, flags, mode);
  if (name in during) open.set(descriptor, String(path));
  return descriptor;
};
fs.readSync = (descriptor: number, buffer: NodeJS.ArrayBufferView, ...rest: unknown[]) => {
  const path = open.get(descriptor);
  if (path !== undefined) during[basename(path)]?.(path, Number(rest[1]));
  return Reflect.apply(readSync, fs, [descriptor, buffer, ...rest]);
};
fs.closeSync = (descriptor) => {
  open.delete(descriptor);
  closeSync(descriptor);
};
syncBuiltinESMExports();
