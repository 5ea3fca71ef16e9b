import * as cborg from 'cborg';
import { fixed, latin1, u32 } from './reference-writer.ts';
import { hex, type Vector, type VectorFile } from './vector.ts';

type Fields = readonly (readonly [key: number, value: unknown])[];

const KIND = { directory: 0, file: 1, symlink: 2, hardlink: 3, fifo: 4, char: 6 } as const;
const id = fixed('chunk', 32);

/** An entry of these fields over those of an empty folder `a`, in the order of their keys. */
function entry(fields: Fields): Buffer {
  const base: Fields = [
    [0, latin1('a')],
    [1, KIND.directory],
    [2, 0o755],
    [3, 1000],
    [4, 100],
    [5, 0],
    [6, 0],
  ];
  const map = new Map([...new Map([...base, ...fields])].sort(([a], [b]) => a - b));
  return Buffer.from(cborg.encode(map, { mapSorter: () => 0 }));
}

const folder = (path: string) => entry([[0, latin1(path)]]);
const file = (size: number, ...lengths: number[]): Fields => [
  [1, KIND.file],
  [8, size],
  [9, Buffer.concat(lengths.flatMap((length) => [id, u32(length)]))],
];

const accepted: Readonly<Record<string, Buffer>> = {
  'the root and a folder': Buffer.concat([folder(''), folder('a')]),
  'a folder before what is in it, and that before its sibling': Buffer.concat(['a', 'a/b', 'a!', 'b'].map(folder)),
  'a file of two chunks': entry(file(300, 100, 200)),
  'an empty file': entry(file(0)),
  'a file that names its list': entry([
    [1, KIND.file],
    [8, 2 ** 40],
    [10, Buffer.concat([id, u32(72)])],
  ]),
  'a symbolic link': entry([
    [1, KIND.symlink],
    [11, latin1('../../etc')],
  ]),
  'a hard link': Buffer.concat([
    entry(file(0)),
    entry([
      [0, latin1('b')],
      [1, KIND.hardlink],
      [11, latin1('a')],
    ]),
  ]),
  'a device': entry([
    [1, KIND.char],
    [12, 1],
    [13, 3],
  ]),
  'a time before 1970': entry([
    [5, -1],
    [6, 999_999_999],
  ]),
  'the first second that a file system counts': entry([
    [5, -(2n ** 63n)],
    [6, 0],
  ]),
  'the last second that a file system counts': entry([
    [5, 2n ** 63n - 1n],
    [6, 0],
  ]),
  'extended attributes': entry([
    [
      7,
      new Map([
        ['user.b', latin1('1')],
        ['user.aa', latin1('')],
      ]),
    ],
  ]),
  'a time of birth, and flags': entry([
    [14, -1],
    [15, 999_999_999],
    [16, 0x30],
  ]),
  'a sparse file': entry([...file(300, 100, 200), [17, 1]]),
  'a path that is not UTF-8': folder('\xff\xfe'),
};

const refused: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  'an absolute path': folder('/a'),
  'a way out': folder('../a'),
  'a way out inside': folder('a/../../b'),
  'a dot': folder('a/.'),
  'an empty component': folder('a//b'),
  'a NUL': folder('a\0'),
  'the same path twice': Buffer.concat([folder('a'), folder('a')]),
  'a folder after what is in it': Buffer.concat([folder('a/b'), folder('a')]),
  'bytes compared as if "/" were one of them': Buffer.concat([folder('a!'), folder('a/b')]),
  'an entry below a symbolic link': Buffer.concat([
    entry([
      [1, KIND.symlink],
      [11, latin1('/etc')],
    ]),
    folder('a/b'),
  ]),
  'a root that is a symbolic link': entry([
    [0, latin1('')],
    [1, KIND.symlink],
    [11, latin1('/etc')],
  ]),
  'a hard link to what comes later': entry([
    [1, KIND.hardlink],
    [11, latin1('b')],
  ]),
  'a hard link out of the tree': entry([
    [1, KIND.hardlink],
    [11, latin1('../a')],
  ]),
  'a symbolic link without a target': entry([
    [1, KIND.symlink],
    [11, latin1('')],
  ]),
  'a kind that is not known': entry([[1, 8]]),
  'a key that is not known': entry([[18, 1]]),
  'half a time of birth': entry([[14, 0]]),
  'the other half of it': entry([[15, 0]]),
  'flags that are none': entry([[16, 0]]),
  'flags of 33 bits': entry([[16, 2 ** 32]]),
  'a folder that is sparse': entry([[17, 1]]),
  'a file that is not sparse and says so': entry([...file(0), [17, 0]]),
  'a key of another kind': entry([[11, latin1('x')]]),
  'a mode of 13 bits': entry([[2, 0o10000]]),
  'an owner of 33 bits': entry([[3, 2 ** 32]]),
  'a billion nanoseconds': entry([[6, 1_000_000_000]]),
  'a second more than a file system counts': entry([[5, 2n ** 63n]]),
  'a size that its chunks do not have': entry(file(1, 2)),
  'an empty chunk': entry(file(0, 0)),
  'half a chunk': entry([
    [1, KIND.file],
    [8, 0],
    [9, latin1('x')],
  ]),
  'a chunk of more than 32 MiB': entry(file(2 ** 25 + 1, 2 ** 25 + 1)),
  'more chunks than an entry names': entry(file(1025, ...Array.from({ length: 1025 }, () => 1))),
  'a size of 2^53': entry([
    [1, KIND.file],
    [8, 2n ** 53n],
    [10, Buffer.concat([id, u32(36)])],
  ]),
  'a list of chunks that is not one': entry([
    [1, KIND.file],
    [8, 2 ** 40],
    [10, Buffer.concat([id, u32(71)])],
  ]),
  'a file without chunks or list': entry([
    [1, KIND.file],
    [8, 0],
  ]),
  'a file with chunks and a list': entry([...file(36, 36), [10, Buffer.concat([id, u32(36)])]]),
  'no list of chunks': entry([
    [1, KIND.file],
    [8, 1],
    [10, latin1('')],
  ]),
  'attributes out of order': entry([
    [
      7,
      new Map([
        ['user.aa', latin1('')],
        ['user.b', latin1('1')],
      ]),
    ],
  ]),
  'a mode longer than it needs to be': Buffer.from('a70041610100021900ff0300040005000600', 'hex'),
  'an attribute twice': Buffer.from('a80041610100021901ed030004000500060007a261614061' + '6140', 'hex'),
  'an attribute whose name is not text': Buffer.from('a80041610100021901ed030004000500060007a162c32840', 'hex'),
  'a device without its minor number': entry([
    [1, KIND.char],
    [12, 1],
  ]),
  'a symbolic link with a NUL': entry([
    [1, KIND.symlink],
    [11, latin1('a\0b')],
  ]),
  'a hard link to the root': entry([
    [1, KIND.hardlink],
    [11, latin1('')],
  ]),
  'keys out of order': Buffer.from('a70100004161021901ed0300040005000600', 'hex'),
  'a key too few': Buffer.from('a60041610100021901ed030004000500', 'hex'),
  'a map of indefinite length': Buffer.from('bf0041610100021901ed0300040005000600ff', 'hex'),
  'no map': Buffer.from('00', 'hex'),
  'cut short': folder('a').subarray(0, -1),
};

export function pageVectors(): VectorFile<Vector> {
  const vector =
    (expect: string) =>
    ([name, bytes]: [string, Buffer]): Vector => ({ name, expect, bytes: hex(bytes) });
  const vectors = [
    ...Object.entries(accepted).map(vector('ok')),
    ...Object.entries(refused).map(vector('OBJECT_DAMAGED')),
  ];
  return { about: 'Pages of a tree, in plaintext. What is ok is also what a writer makes, byte for byte.', vectors };
}
