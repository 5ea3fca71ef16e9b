import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

const MOST = { maxBuffer: 2 ** 30 };

/**
 * All that a restore owes each path below `root`, found by find, getfattr and lsattr: kind, mode, owner, time to the nanosecond, names
 * of one file, target, size, whether it is sparse, extended attributes with ACLs and capabilities, and inode flags. Content is rsync's
 * business (difference.ts), and so are times when they are not compared to the nanosecond.
 */
export function exactState(root: string, { times = true } = {}): ReadonlyMap<string, string> {
  const state = new Map<string, string>();
  // Names may hold line ends: records end in NUL. Of a folder, size and names are the file system's own.
  const format = `%P\\0%y %m %U:%G ${times ? '%T@ ' : ''}%l\\0%s %n %b\\0`;
  const found = execFileSync('find', [root, '-printf', format], MOST).toString('latin1').split('\0');
  for (let at = 0; at + 2 < found.length; at += 3) {
    const [path = '', what = '', sizes = ''] = found.slice(at, at + 3);
    const [size = 0, names = 0, blocks = 0] = sizes.split(' ').map(Number);
    const ofFile = what.startsWith('f ') ? ` ${size} bytes${blocks * 512 < size ? ', sparse' : ''}` : '';
    state.set(path, `${what}${ofFile}${what.startsWith('d ') ? '' : `, ${names} names`}`);
  }
  const add = (path: string, what: string) => state.set(path, `${state.get(path)}; ${what}`);
  const dump = execFileSync('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'], { cwd: root, ...MOST });
  for (const block of dump.toString('latin1').split('\n\n').filter(Boolean)) {
    const [name = '', ...xattrs] = block.split('\n');
    add(unquoted(name.replace(/^# file: (\.\/|\.$)?/, '')), xattrs.sort().map(shortened).join(' '));
  }
  for (const [path, flags] of flagsBelow(root)) add(path, flags);
  return state;
}

/** By path, the flags that somebody set: not how a file is laid out. lsattr writes names as they are, so it is asked name by name. */
function flagsBelow(root: string): Map<string, string> {
  const args = [root, '(', '-type', 'f', '-o', '-type', 'd', ')', '-printf', './%P\\0'];
  const names = execFileSync('find', args, MOST);
  const { stdout } = spawnSync('xargs', ['-0', 'lsattr', '-d', '--'], { cwd: root, input: names, ...MOST });
  const told = stdout.toString('latin1');
  const flags = new Map<string, string>();
  let at = 0;
  for (const name of names.toString('latin1').split('\0').slice(0, -1)) {
    const end = told.indexOf(` ${name}\n`, at);
    if (end < 0) continue; // a file system without
    const set = told.slice(at, end).replace(/[-eEINV]/g, '');
    if (set !== '') flags.set(name.slice(2), `flags ${set}`);
    at = end + name.length + 2;
  }
  return flags;
}

/** A long value by its hash, so that a difference can be read. */
function shortened(line: string): string {
  if (line.length < 100) return line;
  const [name] = line.split('=', 1);
  return `${name}=sha256:${createHash('sha256').update(line).digest('hex').slice(0, 16)}`;
}

function unquoted(name: string): string {
  return name.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The paths at which two trees differ in anything that `exactState` finds, each with what was and what is. */
export function exactDifferences(original: string, copy: string, options = {}): ReadonlyMap<string, string> {
  const [was, is] = [exactState(original, options), exactState(copy, options)];
  const paths = new Set([...was.keys(), ...is.keys()]);
  const differ = [...paths].filter((path) => was.get(path) !== is.get(path));
  return new Map(differ.map((path) => [path, `was ${was.get(path)}, is ${is.get(path)}`]));
}

/** Holds when there are none. */
export function assertExact(original: string, copy: string, options = {}): void {
  const differ = exactDifferences(original, copy, options);
  assert.deepEqual([...differ].slice(0, 20), [], `${differ.size} differences`);
}
