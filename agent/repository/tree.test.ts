import assert from 'node:assert/strict';
import test from 'node:test';
import * as cborg from 'cborg';
import fc from 'fast-check';
import { HoldfastError, type Meta } from '../contract/index.ts';
import { flippedBits, truncations } from './damage-cases.ts';
import { refusal } from './refusal.ts';
import { compareTreeOrder, decodePage, encodeRecord, PageWriter, type TreePage, type TreeRecord } from './tree.ts';

const u32 = fc.oneof(fc.nat(), fc.constantFrom(0, 23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1));
const someBytes = fc.uint8Array({ maxLength: 300 });
const name = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .filter((bytes) => !bytes.includes(0) && !bytes.includes(0x2f))
  .map((bytes) => Buffer.from(bytes).toString('latin1'))
  .filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => bytesOf(names.join('/')));
const farTime = fc.bigInt({
  min: -(1n << 63n) * 1_000_000_000n,
  max: ((1n << 63n) - 1n) * 1_000_000_000n + 999_999_999n,
});
const time = fc.oneof(
  fc.bigInt({ min: -(10n ** 18n), max: 4n * 10n ** 18n }),
  farTime,
  fc.bigInt({ min: -5n, max: 5n }),
);
const attributeName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('__proto__', 'user.a', ''),
);
const meta: fc.Arbitrary<Meta> = fc.record(
  {
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: u32,
    gid: u32,
    mtimeNs: time,
    xattrs: fc.array(fc.tuple(attributeName, someBytes), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
    birthNs: time,
    flags: u32.map((flags) => flags || 16),
  },
  { requiredKeys: ['mode', 'uid', 'gid', 'mtimeNs'], noNullPrototype: true },
);
const list = fc.array(fc.tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 1, max: 2 ** 25 })), {
  maxLength: 8,
});
const content = fc.oneof(
  fc.constant({ kind: 'directory' } as const),
  someBytes.filter((b) => b.length > 0 && !b.includes(0)).map((target) => ({ kind: 'symlink', target }) as const),
  fc.record(
    {
      kind: fc.constant('special' as const),
      type: fc.constantFrom('fifo' as const, 'socket' as const, 'char' as const, 'block' as const),
      major: u32,
      minor: u32,
    },
    { noNullPrototype: true },
  ),
  list.map((refs) => {
    const size = refs.reduce((sum, [, length]) => sum + length, 0);
    return { kind: 'file', size, chunks: packed(refs), ...(size % 2 === 1 && { sparse: true as const }) } as const;
  }),
  fc
    .tuple(fc.maxSafeInteger(), list)
    .filter(([, refs]) => refs.length > 0)
    .map(([size, refs]) => {
      // Such chunks hold whole references.
      const lists = refs.map(([id, length]): [Uint8Array, number] => [id, Math.max(36, length - (length % 36))]);
      return { kind: 'file', size: Math.abs(size), lists: packed(lists) } as const;
    }),
);
const record: fc.Arbitrary<TreeRecord> = fc
  .tuple(path, meta, content)
  .map(([p, m, c]) => Object.assign({ path: p, meta: m }, c));
const hardlink: TreeRecord = { ...entry('b'), kind: 'hardlink', target: bytesOf('a/x') };

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

function packed(refs: readonly (readonly [Uint8Array, number])[]): Uint8Array {
  const bytes = new Uint8Array(refs.length * 36);
  refs.forEach(([id, length], i) => {
    bytes.set(id, i * 36);
    new DataView(bytes.buffer).setUint32(i * 36 + 32, length, true);
  });
  return bytes;
}

function entry(text: string): TreeRecord & { kind: 'directory' } {
  return { path: bytesOf(text), meta: { mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n }, kind: 'directory' };
}

function paged(records: Iterable<TreeRecord>): TreePage[] {
  const pages: TreePage[] = [];
  const writer = new PageWriter((page) => pages.push(page));
  for (const r of records) writer.add(r);
  writer.end();
  return pages;
}

test('an entry is read back as it was', () => {
  fc.assert(
    fc.property(record, (r) => {
      assert.deepStrictEqual(decodePage(encodeRecord(r)), [r]);
    }),
    { numRuns: 500 },
  );
  assert.deepStrictEqual(decodePage(encodeRecord(hardlink)), [hardlink]);
  assert.deepStrictEqual(decodePage(encodeRecord(entry(''))), [entry('')]);
});

test('an entry is what a general CBOR library writes, byte for byte', () => {
  const read = (bytes: Uint8Array) =>
    cborg.decode(bytes, { useMaps: true, strict: true, rejectDuplicateMapKeys: true });
  fc.assert(
    fc.property(record, (r) => {
      const bytes = encodeRecord(r);
      const map: unknown = read(bytes);
      assert.ok(map instanceof Map);
      // No general sorter for keys that are numbers: their order is ours, ascending; those of attributes are text.
      assert.deepEqual(
        [...map.keys()],
        [...map.keys()].sort((a, b) => a - b),
      );
      const xattrs: unknown = map.get(7);
      if (xattrs instanceof Map) {
        const sorted = cborg.encode(xattrs, cborg.rfc8949EncodeOptions);
        assert.deepEqual(Buffer.from(sorted), Buffer.from(cborg.encode(xattrs, unsorted)));
      }
      assert.deepEqual(Buffer.from(cborg.encode(map, unsorted)), Buffer.from(bytes));
    }),
    { numRuns: 500 },
  );
});

const unsorted: cborg.EncodeOptions = { mapSorter: () => 0 };

test('tree order goes by components, a folder before what is in it', () => {
  const sorted = ['', '!', 'a', 'a/b', 'a/b/c', 'a/c', 'a!', 'a.b', 'a0', 'b', '\xff'].map(bytesOf);
  for (const [i, a] of sorted.entries()) {
    for (const [j, b] of sorted.entries()) assert.equal(Math.sign(compareTreeOrder(a, b)), Math.sign(i - j));
  }
  const components = (p: Uint8Array) => Buffer.from(p).toString('latin1').split('/');
  const plain = (a: readonly string[], b: readonly string[]): number => {
    const [x, y] = [a[0], b[0]];
    if (x === undefined || y === undefined) return a.length - b.length;
    return x < y ? -1 : x > y ? 1 : plain(a.slice(1), b.slice(1));
  };
  fc.assert(
    fc.property(path, path, (a, b) => {
      assert.equal(Math.sign(compareTreeOrder(a, b)), Math.sign(plain(components(a), components(b))));
    }),
  );
});

const strange: Readonly<Record<string, readonly TreeRecord[]>> = {
  'an absolute path': [entry('/a')],
  'a path that ends in a slash': [entry('a/')],
  'an empty component': [entry('a//b')],
  'a dot': [entry('.')],
  'a dot inside': [entry('a/./b')],
  'a way out': [entry('..')],
  'a way out at the end': [entry('a/..')],
  'a NUL': [entry('a\0b')],
  'the same path twice': [entry('a'), entry('a')],
  disorder: [entry('b'), entry('a')],
  'a folder after what is in it': [entry('a/b'), entry('a')],
  'an entry below a link': [{ ...entry('a'), kind: 'symlink', target: bytesOf('/etc') }, entry('a/b')],
  'an entry deep below a file': [{ ...entry('a'), kind: 'file', size: 0, chunks: bytesOf('') }, entry('a/b/c')],
  'a root that is a link': [{ ...entry(''), kind: 'symlink', target: bytesOf('/etc') }],
  'a hard link to what comes later': [{ ...entry('a'), kind: 'hardlink', target: bytesOf('b') }],
  'a hard link to itself': [{ ...entry('a'), kind: 'hardlink', target: bytesOf('a') }],
  'a hard link out of the tree': [{ ...entry('a'), kind: 'hardlink', target: bytesOf('../a') }],
  'a hard link to the root': [{ ...entry('a'), kind: 'hardlink', target: bytesOf('') }],
  'a symbolic link to nothing': [{ ...entry('a'), kind: 'symlink', target: bytesOf('') }],
  'a mode with more than 12 bits': [{ ...entry('a'), meta: { mode: 0o10000, uid: 0, gid: 0, mtimeNs: 0n } }],
  'an owner that is no number': [{ ...entry('a'), meta: { mode: 0, uid: Number.NaN, gid: 0, mtimeNs: 0n } }],
  'a group below zero': [{ ...entry('a'), meta: { mode: 0, uid: 0, gid: -1, mtimeNs: 0n } }],
  'a time that no file system counts': [{ ...entry('a'), meta: { mode: 0, uid: 0, gid: 0, mtimeNs: 10n ** 30n } }],
  'a size that its chunks do not have': [{ ...entry('a'), kind: 'file', size: 1, chunks: bytesOf('') }],
  'half a chunk': [{ ...entry('a'), kind: 'file', size: 0, chunks: bytesOf('xx') }],
  'an empty chunk': [{ ...entry('a'), kind: 'file', size: 0, chunks: new Uint8Array(36) }],
  'a list that ends inside a reference': [
    { ...entry('a'), kind: 'file', size: 1, lists: packed([[new Uint8Array(32), 35]]) },
  ],
  'no list': [{ ...entry('a'), kind: 'file', size: 0, lists: bytesOf('') }],
  'flags that are none': [{ ...entry('a'), meta: { mode: 0, uid: 0, gid: 0, mtimeNs: 0n, flags: 0 } }],
  'a birth that no file system counts': [
    { ...entry('a'), meta: { mode: 0, uid: 0, gid: 0, mtimeNs: 0n, birthNs: -(10n ** 30n) } },
  ],
  'an attribute that is not text': [
    { ...entry('a'), meta: { mode: 0, uid: 0, gid: 0, mtimeNs: 0n, xattrs: { '\ud800': bytesOf('') } } },
  ],
};

for (const [what, records] of Object.entries(strange)) {
  test(`does not store ${what}`, () => {
    assert.throws(() => paged(records), refusal('TREE_INVALID'));
  });
}

test('too many chunks in one entry are refused, 1024 are not', () => {
  const file = (count: number): TreeRecord => ({
    ...entry('a'),
    kind: 'file',
    size: count,
    chunks: packed(Array.from({ length: count }, () => [new Uint8Array(32), 1] as const)),
  });
  assert.equal(decodePage(encodeRecord(file(1024))).length, 1);
  assert.throws(() => encodeRecord(file(1025)), refusal('TREE_INVALID'));
});

/** Entries as a hostile writer would make them, by a library that checks nothing. */
const hostile: Readonly<Record<string, readonly [number, unknown][]>> = {
  'a way out': [[0, bytesOf('../../etc/passwd')]],
  'a path that is text': [[0, 'a']],
  'a kind from the future': [[1, 8]],
  'a mode with more bits': [[2, 65535]],
  'an owner beyond 32 bits': [[3, 2 ** 32]],
  'a negative owner': [[3, -1]],
  'a nanosecond too many': [[6, 1_000_000_000]],
  'a time that is a float': [[5, 0.5]],
  'a field from the future': [[18, 1]],
  'half a time of birth': [[14, 1]],
  'the other half of it': [[15, 1]],
  'flags that are none': [[16, 0]],
  'flags beyond 32 bits': [[16, 2 ** 32]],
  'a folder with holes': [[17, 1]],
  'a link with holes': [
    [1, 2],
    [11, bytesOf('x')],
    [17, 1],
  ],
  'a file that says it has no holes': [
    [1, 1],
    [8, 0],
    [9, bytesOf('')],
    [17, 0],
  ],
  'a link target on a folder': [[11, bytesOf('x')]],
  'attributes that are a list': [[7, []]],
  'attributes that are text': [[7, new Map([['a', 'b']])]],
  'attributes named by numbers': [[7, new Map([[1, bytesOf('')]])]],
  'a file without content': [
    [1, 1],
    [8, 0],
  ],
  'a file of half a chunk': [
    [1, 1],
    [8, 1],
    [9, bytesOf('x')],
  ],
  'a file with both kinds of list': [
    [1, 1],
    [8, 0],
    [9, bytesOf('')],
    [10, bytesOf('')],
  ],
  'a size beyond 2^53': [
    [1, 1],
    [8, 2n ** 60n],
    [10, packed([[new Uint8Array(32), 1]])],
  ],
  'a hard link to later': [
    [1, 3],
    [11, bytesOf('z')],
  ],
  'a device without numbers': [[1, 6]],
};

function handmade(fields: readonly [number, unknown][]): Uint8Array {
  const base: [number, unknown][] = [
    [0, bytesOf('a')],
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 0],
    [5, 0],
    [6, 0],
  ];
  const map = new Map([...new Map([...base, ...fields])].sort(([a], [b]) => a - b));
  return cborg.encode(map, unsorted);
}

for (const [what, fields] of Object.entries(hostile)) {
  test(`does not read ${what}`, () => {
    assert.throws(() => decodePage(handmade(fields)), refusal('OBJECT_DAMAGED'));
  });
}

test('a page with more entries is checked like one with a single entry', () => {
  assert.equal(decodePage(handmade([])).length, 1);
  const [a, b] = [encodeRecord(entry('a')), encodeRecord(entry('b'))];
  assert.equal(decodePage(Buffer.concat([a, b])).length, 2);
  assert.throws(() => decodePage(Buffer.concat([b, a])), refusal('OBJECT_DAMAGED'));
  assert.throws(() => decodePage(a, entry('a')), refusal('OBJECT_DAMAGED'));
  assert.throws(() => decodePage(new Uint8Array()), refusal('OBJECT_DAMAGED'));
  const link = encodeRecord({ ...entry('a'), kind: 'symlink', target: bytesOf('/etc') });
  assert.throws(() => decodePage(Buffer.concat([link, encodeRecord(entry('a/b'))])), refusal('OBJECT_DAMAGED'));
});

const sample: readonly TreeRecord[] = [
  entry(''),
  { ...entry('a'), kind: 'file', size: 7, chunks: packed([[new Uint8Array(32).fill(1), 7]]) },
  {
    ...entry('b'),
    meta: { mode: 1, uid: 70000, gid: 300, mtimeNs: -1n, xattrs: { a: bytesOf('1'), b: bytesOf('2') } },
  },
  { ...entry('c'), kind: 'special', type: 'char', major: 1, minor: 3 },
  {
    path: bytesOf('d'),
    meta: { mode: 0, uid: 0, gid: 0, mtimeNs: 0n, birthNs: -1_500_000_000n, flags: 0x30 },
    kind: 'file',
    size: 7,
    chunks: packed([[new Uint8Array(32).fill(1), 7]]),
    sparse: true,
  },
];

test('a page that is cut or changed is read to the same bytes or refused', () => {
  const bytes = Buffer.concat(sample.map(encodeRecord));
  assert.deepStrictEqual(decodePage(bytes), sample);
  for (const { bytes: damaged } of [...truncations(bytes), ...flippedBits(bytes)]) readOrRefuse(damaged);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), readOrRefuse));
});

// A page carries no checksum of its own (its chunk id is one), so a changed byte may make another valid entry, and no more.
function readOrRefuse(bytes: Uint8Array): void {
  try {
    assert.deepEqual(Buffer.concat(decodePage(bytes).map(encodeRecord)), Buffer.from(bytes));
  } catch (error) {
    assert.ok(error instanceof HoldfastError && error.failure.code === 'OBJECT_DAMAGED', String(error));
  }
}

function manyFiles(count: number): TreeRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const digits = String(i).padStart(7, '0');
    const p = bytesOf(`usr/share/some-package-${digits.slice(0, 4)}/locale/file-${digits}.txt`);
    const chunks = packed([[new Uint8Array(32).fill(i), 1000 + i]]);
    return {
      path: p,
      meta: { mode: 0o644, uid: 1000, gid: 1000, mtimeNs: 1_700_000_000_123_456_789n },
      kind: 'file',
      size: 1000 + i,
      chunks,
    };
  });
}

test('pages hold every entry once, are named by their first, and keep to their sizes', () => {
  const files = manyFiles(20_000);
  const pages = paged(files);
  assert.deepStrictEqual(
    pages.flatMap(({ bytes }) => decodePage(bytes)),
    files,
  );
  for (const { bytes, first, entries } of pages) {
    const records = decodePage(bytes);
    assert.deepEqual(first, records[0]?.path);
    assert.equal(entries, records.length);
    assert.ok(bytes.length <= 1024 * 1024);
  }
  assert.ok(pages.slice(0, -1).every(({ bytes }) => bytes.length >= 64 * 1024));
  const average = pages.reduce((sum, { bytes }) => sum + bytes.length, 0) / pages.length;
  assert.ok(average > 128 * 1024 && average < 512 * 1024, `average page of ${average} bytes`);
});

test('a tree without entries has no pages, and an entry larger than a page is one', () => {
  assert.deepEqual(paged([]), []);
  const large = { mode: 0, uid: 0, gid: 0, mtimeNs: 0n, xattrs: { 'user.large': new Uint8Array(2 ** 21) } };
  const pages = paged([entry('a'), { ...entry('b'), meta: large }, entry('c')]);
  assert.deepEqual(
    pages.map(({ entries }) => entries),
    [1, 1, 1],
  );
  const tooLarge = { ...large, xattrs: { 'user.large': new Uint8Array(2 ** 24) } };
  assert.throws(() => paged([{ ...entry('b'), meta: tooLarge }]), refusal('TREE_INVALID'));
});

test('a file that comes, changes or goes leaves all but the pages around it alone', () => {
  const files = manyFiles(20_000);
  const contents = (pages: readonly TreePage[]) =>
    new Set(pages.map(({ bytes }) => Buffer.from(bytes).toString('base64')));
  const before = contents(paged(files));
  const newcomer = entry('usr/share/some-package-0005/locale/aaa');
  const changed = files.map((file, i) => (i === 12_345 ? { ...file, meta: { ...file.meta, mtimeNs: 1n } } : file));
  for (const after of [files.toSpliced(5000, 0, newcomer), files.toSpliced(9000, 1), changed]) {
    const now = contents(paged(after));
    const fresh = [...now].filter((page) => !before.has(page)).length;
    assert.ok(fresh <= 3, `${fresh} of ${now.size} pages are new`);
  }
});
