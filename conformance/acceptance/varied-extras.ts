import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, openSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const KiB = 1024;
const asRoot = process.getuid?.() === 0;

/** Names of extended attributes that any user may set, and values: empty, binary, long, with what dumps and lines are made of. */
const xattrs: readonly (readonly [string, Buffer])[] = [
  ['user.mime_type', Buffer.from('text/plain')],
  ['user.empty', Buffer.alloc(0)],
  ['user.bytes', Buffer.from(Array.from({ length: 256 }, (_, n) => n))],
  ['user.long', Buffer.alloc(2000, 'long ')],
  ['user.näme = \\ \n', Buffer.from('"quoted"\n')],
];

/** Nanoseconds that no double of seconds carries, before 1970 and far ahead. */
const times = ['-1.000000001', '-2000000000.123456789', '0.000000001', '1234567890.987654321', '7258118399.999999999'];

/**
 * Fills `folder` with what a file system keeps beside content, mode and owner: extended attributes, ACLs, capabilities, inode flags, times
 * to the nanosecond, holes and what only looks like them. What only root may set is set by root only. Nothing in it can be
 * removed before `unlockFlags`.
 */
export function makeExtras(folder: string): void {
  const at = (...names: string[]) => join(folder, ...names);
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder });
  for (const name of ['with ACLs/below', 'flagged', 'locked', 'times']) mkdirSync(at(name), { recursive: true });
  for (const name of ['plain', 'read-only', 'with ACLs/file', 'with ACLs/below/file', 'program', 'linked'])
    writeFileSync(at(name), name);
  symlinkSync('plain', at('link'));
  run('mkfifo', 'pipe');

  const attributed = ['plain', 'read-only', 'with ACLs', 'linked'];
  for (const name of attributed) for (const [xattr, value] of xattrs) setXattr(folder, name, xattr, value);
  linkSync(at('linked'), at('locked/another name'));
  run('chmod', '0400', 'read-only');
  run('setfacl', '-m', 'u:4711:rwx,g:4712:r,m:rw', 'with ACLs/file');
  run('setfacl', '-m', 'd:u:4711:rwx,d:o:-,u:4711:rx', 'with ACLs');
  run('setfacl', '-m', 'u:4711:-', 'pipe');

  makeHoles(folder);
  for (const [i, time] of times.entries()) {
    for (const name of [`file ${i}`, `folder ${i}`, `link ${i}`, `pipe ${i}`]) makeNamed(at('times', name));
    run('touch', '-h', '-d', `@${time}`, ...['file', 'folder', 'link', 'pipe'].map((kind) => `times/${kind} ${i}`));
  }
  writeFileSync(at('flagged/not dumped'), 'd');
  run('touch', '-d', '@1.5', '.', 'times', 'locked', 'flagged', 'with ACLs', 'with ACLs/below');
  run('chattr', '+d', 'flagged/not dumped');
  if (asRoot) makeRootsExtras(folder);
}

/** What only root may set. */
function makeRootsExtras(folder: string): void {
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder });
  for (const name of ['plain', 'link', 'pipe', 'with ACLs']) setXattr(folder, name, 'trusted.own', Buffer.from(name));
  setXattr(folder, 'plain', 'security.own', Buffer.from([0, 255]));
  run('chown', '4711:4712', 'program');
  run('chmod', '6755', 'program');
  run('setcap', 'cap_net_raw,cap_dac_read_search=ep', 'program');
  // A container may be one in which nobody makes devices: then none can come back either.
  spawnSync('mknod', ['-m', '640', 'null', 'c', '1', '3'], { cwd: folder });
  for (const name of ['appended', 'synchronous', 'without atime']) writeFileSync(join(folder, 'flagged', name), name);
  run('touch', '-d', '@2.25', 'flagged', '.');
  run('chattr', '+a', 'flagged/appended');
  run('chattr', '+S', 'flagged/synchronous');
  run('chattr', '+A', 'flagged/without atime');
  run('chattr', '+i', 'linked', 'locked');
  run('chattr', '+dA', 'flagged');
}

/** Zeros that are holes, zeros that are written, and room that is only reserved: the first come back as holes, the others do not. */
function makeHoles(folder: string): void {
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder });
  run('fallocate', '-l', '3M', 'reserved');
  writeFileSync(join(folder, 'zeros'), Buffer.alloc(3 * KiB * KiB));
  truncateSync(makeNamed(join(folder, 'only a hole')), 5 * KiB * KiB + 1);
  const sparse = openSync(join(folder, 'small holes'), 'w');
  for (let i = 0; i < 64; i++) writeSync(sparse, Buffer.alloc(4 * KiB, 'data'), 0, 4 * KiB, i * 12 * KiB);
  closeSync(sparse);
}

function makeNamed(path: string): string {
  const [kind] = path.split('/').at(-1)?.split(' ') ?? [];
  if (kind === 'folder') mkdirSync(path);
  else if (kind === 'link') symlinkSync('nowhere', path);
  else if (kind === 'pipe') execFileSync('mkfifo', [path]);
  else writeFileSync(path, '');
  return path;
}

function setXattr(folder: string, name: string, xattr: string, value: Buffer): void {
  execFileSync('setfattr', ['-h', '-n', xattr, '-v', `0x${value.toString('hex')}`, '--', name], { cwd: folder });
}

/** Takes away the flags that keep a tree from being changed and removed. */
export function unlockFlags(root: string): void {
  spawnSync('chattr', ['-R', '-f', '-ia', root]);
}
