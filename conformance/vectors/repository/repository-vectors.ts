import { gzip, gzipPoem, poem, run, zstd, zstdPoem } from './compressed.ts';
import { domain, idKey, joinKeys, other, repository, writer, writerSigner } from './domain-keys.ts';
import { forgetting } from './forgetting-cases.ts';
import {
  cbor,
  changed,
  chunkReferences,
  fixed,
  frame,
  hkdf,
  keyPair,
  latin1,
  object,
  sha256,
} from './reference-writer.ts';
import { type Case, file, hello, holding, pagesOf, read, root, simple, whole } from './repository-case.ts';
import { type Artifact, Repository, stream, tree } from './repository-writer.ts';
import type { Entry } from './tree-entries.ts';
import { hex, type RepositoryVector, type VectorFile } from './vector.ts';
import { voids } from './void-cases.ts';

const zeros = Buffer.alloc(300_000);
const [part1, part2, part3] = ['first part, ', 'second part, ', 'third part'].map(latin1) as [Buffer, Buffer, Buffer];
const list = chunkReferences(idKey, [part1, part2, part3]);

/** What all names of one file have. */
const shared = { mode: 0o4755, owner: [4_294_967_294, 65_534] } as const;

/** An entry of every kind, with everything that an entry can have. */
const everyKind: readonly (readonly Entry[])[] = [
  [
    { ...root, mtime: [1_700_000_000, 999_999_999] },
    { path: 'a', kind: 'directory', mode: 0o2750, owner: [1000, 100], birth: [1_600_000_000, 1] },
    { ...file('a/empty'), mode: 0 },
    { ...file('a/hello', hello), ...shared },
    { path: 'a/link', kind: 'symlink', mode: 0o777, target: '../a/hello' },
    { path: 'a/name', kind: 'hardlink', target: 'a/hello', ...shared },
    { ...file('a!', poem), mtime: [-1, 999_999_999] },
  ],
  [
    {
      path: 'attributes',
      kind: 'file',
      chunks: [hello],
      xattrs: { 'user.b': latin1('1'), 'user.aa': Buffer.alloc(0), 'user.é': Buffer.of(0, 255) },
    },
    { path: 'block', kind: 'block', mode: 0o660, device: [8, 1] },
    { path: 'char', kind: 'char', mode: 0o666, device: [1, 3] },
    { path: 'fifo', kind: 'fifo', device: [0, 0] },
    { path: 'flags', kind: 'file', chunks: [part1, hello], flags: 0x30, birth: [-5, 0] },
  ],
  [
    { path: 'list', kind: 'file', chunks: [part1, part2, part3], lists: [list.subarray(0, 50), list.subarray(50)] },
    { path: 'socket', kind: 'socket', mode: 0o777, device: [0, 0] },
    { path: 'sparse', kind: 'file', chunks: [zeros, part1], sparse: true },
    { path: 'twice', kind: 'hardlink', target: 'a/hello', ...shared },
    { path: '\xff\xfe name', kind: 'file', chunks: [part3] },
  ],
];

const accepted: Readonly<Record<string, Case>> = {
  'one file': read,
  'every kind of entry, every codec, a stream': async (r) => {
    const artifacts = [
      tree('files', everyKind),
      stream('dump', [[part1, part2], [poem, hello], [part3]]),
      stream('nothing', []),
    ];
    const content = await r.pack('content', [
      { ordinal: 0, texts: [hello, part1, part2, part3] },
      { ordinal: 1, texts: [poem], codec: 1, encoded: zstdPoem },
      { ordinal: 2, texts: [zeros], codec: 1, encoded: zstd(zeros.length, run(0, zeros.length)) },
    ]);
    const [first = Buffer.alloc(0), ...others] = pagesOf(artifacts);
    const pages = await r.pack('pages', [
      { ordinal: 0, texts: [first], codec: 2, encoded: gzip(first) },
      { ordinal: 1, texts: [list.subarray(0, 50), list.subarray(50), ...others] },
    ]);
    r.fragment('index', [content, pages]);
    return { read: await r.snapshot({ artifacts, packs: [content, pages] }), holds: holding(...artifacts) };
  },
  'a tree of nothing but its root': (r) => read(r, [tree('files', [[root]])], [hello]),
  'a tree without entries': (r) => read(r, [tree('files', []), stream('dump', [[hello]])]),
  'gzip as a library makes it': async (r) => {
    const artifacts = [tree('files', [[root, file('poem', poem)]])];
    const pack = await r.pack('pack', [
      { ordinal: 0, texts: [poem], codec: 2, encoded: gzipPoem },
      { ordinal: 1, texts: pagesOf(artifacts) },
    ]);
    r.fragment('index', [pack]);
    return { read: await r.snapshot({ artifacts, packs: [pack] }), holds: holding(...artifacts) };
  },
  'no index, so that tables are read from packs': async (r) => {
    const pack = await r.pack('pack', [{ ordinal: 0, texts: [hello, ...pagesOf([simple])] }]);
    return { read: await r.snapshot({ artifacts: [simple], packs: [pack] }), holds: holding(simple) };
  },
  'frames in packs of two epochs': async (r) => {
    await r.epoch('second epoch', { created: '2026-02-02T03:04:05.006Z' });
    const older = await r.pack('older', [{ ordinal: 0, texts: [hello, ...pagesOf([simple])] }]);
    r.fragment('older index', [older]);
    await r.snapshot({ artifacts: [simple], packs: [older] });
    const artifacts = [tree('files', [[root, file('hello', hello), file('poem', poem)]])];
    const newer = await r.pack('newer', [{ ordinal: 0, texts: [poem, ...pagesOf(artifacts)] }], 'second epoch');
    r.fragment('newer index', [newer]);
    const packs = [older, newer];
    return { read: await r.snapshot({ artifacts, packs, epoch: 'second epoch' }), holds: holding(...artifacts) };
  },
  'frames of two births, merged into one pack': async (r) => {
    const [one, two] = [await r.birth('one'), await r.birth('two')];
    const frames = [
      frame(two, domain, idKey, { ordinal: 9, texts: pagesOf([simple]), birth: 1 }),
      frame(one, domain, idKey, { ordinal: 3, texts: ['something else', hello] }),
      frame(two, domain, idKey, { ordinal: 2, texts: ['nobody needs this'], birth: 1 }),
    ];
    const pack = r.packOf('merged', [one, two], frames);
    r.fragment('index', [pack]);
    return { read: await r.snapshot({ artifacts: [simple], packs: [pack] }), holds: holding(simple) };
  },
  'an index that names a pack that is gone, and another that has its chunks': async (r) => {
    const gone = await r.pack('gone', [{ ordinal: 0, texts: [hello, ...pagesOf([simple])] }]);
    r.fragment('old index', [gone]);
    delete r.objects[gone.key];
    return read(r);
  },
  'a fragment that is damaged, and the packs it named': async (r) => {
    const outcome = await read(r);
    const key = Object.keys(r.objects).find((one) => one.startsWith('indexes/')) ?? '';
    r.put(key, changed(Buffer.from(r.objects[key] ?? '', 'hex'), 60));
    return { ...outcome, findings: [[key, 'OBJECT_DAMAGED']] };
  },
  'a fragment that is not what its name says': async (r) => {
    const outcome = await read(r);
    const key = Object.keys(r.objects).find((one) => one.startsWith('indexes/')) ?? '';
    const wrong = r.put(`indexes/${hex(domain)}/${'0'.repeat(64)}`, Buffer.from(r.objects[key] ?? '', 'hex'));
    return { ...outcome, findings: [[wrong, 'OBJECT_DAMAGED']] };
  },
  'a fragment of a newer format': async (r) => {
    const outcome = await read(r);
    const bytes = Buffer.from('4846535403020100', 'hex');
    const key = r.put(`indexes/${hex(domain)}/${hex(sha256(bytes))}`, bytes);
    return { ...outcome, findings: [[key, 'FORMAT_NEWER']] };
  },
  'a fragment that somebody sealed with another key': async (r) => {
    const outcome = await read(r);
    const key = r.fragment('foreign', [], hkdf(fixed('another secret', 32), domain, 'holdfast v1 index key', 32));
    return { ...outcome, findings: [[key, 'WRONG_KEY']] };
  },
  'keys that are none': async (r) => {
    const outcome = await read(r);
    for (const key of [
      'README',
      'tmp/x',
      `logs/${hex(writer)}/wal/0000000001`,
      'keys/others/x',
      'packs/x',
      'indexes/x',
    ]) {
      r.put(key, latin1('not an object'));
    }
    return outcome;
  },
  'a snapshot that another key signed': async (r) => {
    const outcome = await read(r);
    const forged = await r.snapshot({ artifacts: [simple], packs: [], signer: other.signer });
    return { ...outcome, findings: [[forged, 'SIGNATURE_INVALID']] };
  },
  'a writer of another repository': async (r) => {
    const outcome = await read(r);
    const created = '2026-01-02T03:04:05.006Z';
    const fields = { id: hex(other.writer), repository: hex(other.repository), host: 'x', created };
    const keys = { publicKey: other.signer.publicKey, joinKey: (await joinKeys()).publicKey };
    r.put(`keys/writers/${fields.id}`, object('writer', cbor({ ...fields, ...keys }), other.signer));
    const key = await r.snapshot({ artifacts: [simple], packs: [], signer: other.signer, writer: other.writer });
    return { ...outcome, findings: [[key, 'WRITER_UNAPPROVED']] };
  },
  'a writer whose object is gone, and who was approved': async (r) => {
    const outcome = await read(r);
    delete r.objects[writerKey];
    return outcome;
  },
  'a writer whose object was replaced after it was approved': async (r) => {
    const outcome = await read(r);
    r.put(writerKey, await forgedWriter());
    return { ...outcome, findings: [[writerKey, 'WRITER_FORGED']] };
  },
  'a writer whose object has another join key than was approved': async (r) => {
    const outcome = await read(r);
    r.put(writerKey, await writerObject({ joinKey: (await keyPair('another join')).publicKey }));
    return { ...outcome, findings: [[writerKey, 'WRITER_FORGED']] };
  },
  'a writer who was approved twice': async (r) => {
    const outcome = await read(r);
    await r.approve({ by: 'escrow' });
    return outcome;
  },
  'an approval that another signed than it says': async (r) => {
    const outcome = await read(r);
    const key = await r.approve({ by: 'stranger', as: 'recovery' });
    return { ...outcome, findings: [[key, 'SIGNATURE_INVALID']] };
  },
  'an approval that is damaged': async (r) => {
    const outcome = await read(r);
    const key = r.put(`keys/approvals/${hex(writer)}/${hex(fixed('no hash', 32))}`, latin1('HFST'));
    return { ...outcome, findings: [[key, 'OBJECT_DAMAGED']] };
  },
  'an approval for another repository': async (r) => {
    const outcome = await read(r);
    await r.approve({ changes: { repository: hex(other.repository), publicKey: other.signer.publicKey } });
    return outcome;
  },
  'a writer that is damaged': async (r) => {
    const outcome = await read(r);
    const key = r.put(`keys/writers/${hex(other.writer)}`, latin1('HFST'));
    return { ...outcome, findings: [[key, 'OBJECT_DAMAGED']] };
  },
  'a chain with a hole': async (r) => {
    await read(r);
    await r.snapshot({ artifacts: [simple], packs: [] });
    const last = await read(r);
    delete r.objects[last.read.replace(/3$/, '2')];
    return { ...last, findings: [[last.read, 'CHAIN_BROKEN']] };
  },
  'a chain without its beginning': async (r) => {
    await read(r);
    const last = await read(r);
    delete r.objects[last.read.replace(/2$/, '1')];
    return { ...last, findings: [[last.read, 'CHAIN_BROKEN']] };
  },
  'a chain that follows another snapshot': async (r) => {
    const outcome = await read(r);
    const previous = hex(fixed('another snapshot', 32));
    const fork = await r.snapshot({ artifacts: [simple], packs: [], previous, sequence: 2 });
    return { ...outcome, findings: [[fork, 'CHAIN_BROKEN']] };
  },
};

const damaged =
  (artifacts: readonly Artifact[], chunks: readonly Uint8Array[] = [hello]): Case =>
  async (r) => ({
    read: await whole(r, artifacts, chunks),
    expect: 'OBJECT_DAMAGED',
  });
const listed = (size: number, lists: readonly Uint8Array[]): Case =>
  damaged([tree('files', [[root, { path: 'list', kind: 'file', chunks: [], lists, size }]])], [hello, ...lists]);

const writerKey = `keys/writers/${hex(writer)}`;

/** The one writer, with other fields. */
async function writerObject(changes: object, by = writerSigner): Promise<Buffer> {
  const created = '2026-01-02T03:04:05.006Z';
  const keys = { publicKey: writerSigner.publicKey, joinKey: (await joinKeys()).publicKey };
  const fields = { id: hex(writer), repository: hex(repository), host: 'host-1', ...keys, created };
  return object('writer', cbor({ ...fields, ...changes }), by);
}

/** With another's key, and signed by that. */
const forgedWriter = () => writerObject({ publicKey: other.signer.publicKey }, other.signer);

const unapproved = (read: string) => ({
  read,
  expect: 'WRITER_UNAPPROVED',
  findings: [[read, 'WRITER_UNAPPROVED']] as [string, string][],
});

/** Of the one writer there is an approval with other fields too. */
const divided =
  (changes: object): Case =>
  async (r) => {
    const refused = unapproved((await read(r)).read);
    await r.approve({ changes });
    return { ...refused, findings: [...refused.findings, [writerKey, 'WRITER_FORGED']] };
  };

function withoutApprovals({ objects }: Repository): void {
  for (const key of Object.keys(objects)) if (key.startsWith('keys/approvals/')) delete objects[key];
}

const refused: Readonly<Record<string, Case>> = {
  'no marker': async (r) => {
    const { read: key } = await read(r);
    delete r.objects['repository'];
    return { read: key, expect: 'NOT_A_REPOSITORY' };
  },
  'no writer and no approval': async (r) => {
    const { read: key } = await read(r);
    delete r.objects[writerKey];
    withoutApprovals(r);
    return { read: key, expect: 'WRITER_UNAPPROVED' };
  },
  'no approval': async (r) => {
    const { read: key } = await read(r);
    withoutApprovals(r);
    return { read: key, expect: 'WRITER_UNAPPROVED' };
  },
  'an approval by nobody whom the reader knows': async (r) => {
    const { read: key } = await read(r);
    withoutApprovals(r);
    await r.approve({ by: 'stranger' });
    return { read: key, expect: 'WRITER_UNAPPROVED' };
  },
  'no approval but one whose signature was changed': async (r) => {
    const { read: key } = await read(r);
    const [approval = ''] = Object.keys(r.objects).filter((one) => one.startsWith('keys/approvals/'));
    const bytes = changed(Buffer.from(r.objects[approval] ?? '', 'hex'), -1);
    withoutApprovals(r);
    const bad = r.put(`keys/approvals/${hex(writer)}/${hex(sha256(bytes))}`, bytes);
    return { ...unapproved(key), findings: [...unapproved(key).findings, [bad, 'SIGNATURE_INVALID']] };
  },
  'two approvals for different keys': divided({ publicKey: other.signer.publicKey }),
  'two approvals for different keys, the wrong one older': divided({
    publicKey: other.signer.publicKey,
    created: '2026-01-01T03:04:05.006Z',
  }),
  'two approvals for different keys, the wrong one younger': divided({
    publicKey: other.signer.publicKey,
    created: '2026-01-03T03:04:05.006Z',
  }),
  'two approvals for different join keys': divided({ joinKey: fixed('another join key', 32) }),
  'two approvals for different keys, and the object of the writer has the wrong one': async (r) => {
    r.put(writerKey, await forgedWriter());
    return divided({ publicKey: other.signer.publicKey })(r);
  },
  'two approvals for different keys, and no object of the writer': async (r) => {
    delete r.objects[writerKey];
    return divided({ publicKey: other.signer.publicKey })(r);
  },
  'no epoch': async (r) => {
    const { read: key } = await read(r);
    for (const one of Object.keys(r.objects)) if (one.startsWith('keys/epochs/')) delete r.objects[one];
    return { read: key, expect: 'OBJECT_MISSING' };
  },
  'an epoch of another repository': async (r) => {
    const { read: key } = await read(r);
    await r.epoch('epoch', { repository: other.repository });
    return { read: key, expect: 'OBJECT_DAMAGED' };
  },
  'a snapshot of more than 64 MiB': async (r) => {
    const { read: key } = await read(r);
    return { read: key, lengths: { [key]: 2 ** 26 + 1 }, expect: 'OBJECT_TOO_LARGE' };
  },
  'a reader who is no recipient': async (r) => ({
    read: (await read(r)).read,
    reader: 'stranger',
    expect: 'WRONG_KEY',
  }),
  'a chunk that lies in no pack': async (r) => ({ read: await whole(r, [simple], [poem]), expect: 'CHUNK_MISSING' }),
  'a pack that is gone': async (r) => {
    const pack = await r.pack('pack', [{ ordinal: 0, texts: [hello, ...pagesOf([simple])] }]);
    r.fragment('index', [pack]);
    const key = await r.snapshot({ artifacts: [simple], packs: [pack] });
    delete r.objects[pack.key];
    return { read: key, expect: 'CHUNK_MISSING' };
  },
  'an entry after the page that it belongs to': damaged([tree('files', [[root, file('b')], [file('a')]])]),
  'an entry below a file of the page before': damaged([tree('files', [[root, file('a')], [file('a/b')]])]),
  'a page that does not begin where its snapshot says': damaged([
    tree('files', [[root, file('a')], [file('c')]], ['', 'b']),
  ]),
  'a list of chunks for more than the file has': listed(hello.length - 1, [chunkReferences(idKey, [hello])]),
  'a list of chunks for less than the file has': listed(hello.length + 1, [chunkReferences(idKey, [hello])]),
  'a list of chunks of which one is empty': listed(hello.length, [chunkReferences(idKey, [hello, Buffer.alloc(0)])]),
  'a page of a stream that holds less than it should': damaged([stream('dump', [[hello], [hello]], 1)]),
  'a page of a stream that holds more than it should': damaged([stream('dump', [[hello], [hello]], -1)]),
  'a page of a stream with an empty chunk': damaged([stream('dump', [[hello, Buffer.alloc(0)]])]),
};

export async function repositoryVectors(): Promise<VectorFile<RepositoryVector>> {
  const vectors: RepositoryVector[] = [];
  for (const [name, make] of [...Object.entries({ ...accepted, ...forgetting, ...voids, ...refused })]) {
    const r = await Repository.create();
    const { expect = 'ok', reader = 'recovery', ...outcome } = await make(r);
    vectors.push({ name, expect, reader, ...outcome, objects: r.objects });
  }
  return {
    about:
      'Whole repositories. objects: by key. lengths: zeros follow, up to so many bytes. reader: whose key opens it, a name in openpgp-keys.json; a writer is trusted when recovery or escrow has approved it. read: the snapshot to read; target: what the place is called; forgotten: what is wanted no more there. ' +
      'findings: what else is to be said, [key, code]; when it is refused, and they are given, all that is said. holds: the artifacts that come out; of entries, path, target and attributes ' +
      'are hex, mtime and birth [seconds, nanoseconds], owner [uid, gid], device [major, minor], sha256 that of the content.',
    vectors,
  };
}
