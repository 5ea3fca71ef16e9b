import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { noise, prose } from '../kit/samples.ts';

const MiB = 2 ** 20;
const isRoot = process.getuid?.() === 0;

/** Nanoseconds before 1970 and after, which `touch` can tell a file system and Node cannot. */
const times = ['-1.000000001', '0.999999999', '1234567890.123456789', '4102444800.000000001'];

/** A small tree of what a backup owes its user: names, links, attributes, holes, one file of many chunks. */
export function makeTree(root: string): void {
  const at = (path: string | Buffer) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path)]);
  for (const folder of ['folder/deep/deeper', 'closed', 'empty']) mkdirSync(at(folder), { recursive: true });
  writeFileSync(at('empty file'), '');
  writeFileSync(at('large'), noise(1, 12 * MiB));
  writeFileSync(at('folder/text'), prose(2, 3 * MiB));
  for (let i = 0; i < 200; i++) writeFileSync(at(`folder/deep/${i}`), prose(i, 1 + i * 53));
  for (const name of [[0xff, 0xfe], [0x61, 0xe9], [0xed, 0xa0, 0x80], [0x0a], [0x1b, 0x5b, 0x33, 0x31, 0x6d]]) {
    mkdirSync(at(Buffer.from([0x64, ...name])));
    writeFileSync(at(Buffer.from([0x64, ...name, 0x2f, ...name])), Buffer.from(name));
  }
  const holes = openSync(at('holes'), 'w');
  writeSync(holes, noise(3, 5000), 0, 5000, 3 * MiB + 17);
  ftruncateSync(holes, 12 * MiB + 1);
  closeSync(holes);
  linkSync(at('folder/deep/7'), at('folder/deep/deeper/seven'));
  linkSync(at('folder/deep/7'), at('0 before it'));
  for (const target of ['nowhere', '../../../etc/passwd', '.', Buffer.from([0xff, 0x2f, 0x0a])]) {
    symlinkSync(target, at(`link ${Buffer.from(target).toString('hex')}`));
  }
  execFileSync('mkfifo', [at('folder/pipe').toString()]);
  execFileSync('setfattr', ['-n', 'user.comment', '-v', '0x00ff0a', join(root, 'folder/text')]);
  execFileSync('setfattr', ['-n', 'user.empty', join(root, 'folder')]);
  [0o4755, 0o2711, 0o6700, 0o1644, 0o400, 0o604].forEach((mode, i) => {
    if (isRoot) chownSync(at(`folder/deep/${i}`), 1000 + i, 70_000 + i);
    chmodSync(at(`folder/deep/${i}`), mode);
  });
  chmodSync(at('closed'), 0o500);
  setTimes(root, ['folder/deep/1', 'large', 'folder/text', 'folder/deep', 'closed', 'folder/pipe', '.']);
}

/** What a second run finds: some of it is as it was, some grew, moved, came, went, or is something else now. */
export function changeTree(root: string): void {
  const at = (path: string) => join(root, path);
  appendFileSync(at('large'), noise(4, 2 * MiB));
  renameSync(at('folder/text'), at('empty/text'));
  rmSync(at('folder/deep/100'));
  symlinkSync('101', at('folder/deep/100'));
  rmSync(at('folder/deep/7'));
  chmodSync(at('folder/deep/deeper/seven'), 0o640);
  writeFileSync(at('new'), prose(5, 100_000));
  setTimes(root, ['new', 'empty', 'folder/deep/100']);
}

function setTimes(root: string, paths: readonly string[]): void {
  paths.forEach((path, i) => {
    execFileSync('touch', ['-h', '-d', `@${times[i % times.length]}`, join(root, path)]);
  });
}
