import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { generateRecoveryKey } from '../../agent/repository/keys/identity.ts';
import { Fleet } from './fleet.ts';
import { Machine, PASSPHRASE } from './machine.ts';
import { assertExit, documentOf, type Ended } from './program.ts';

/*
 * Looking into snapshots before something is restored, with the real program: names of every kind, what a program is told, whose
 * snapshots count, and how it ends.
 */

interface Document {
  readonly failure?: Failure;
  readonly problems: readonly Failure[];
}

interface Named {
  readonly path: string;
  readonly pathBase64?: string;
}

interface Listing extends Document {
  readonly snapshot: { readonly id: string; readonly host: string };
  readonly entries: readonly (Named & { readonly kind: string })[];
}

interface Difference extends Document {
  readonly changes: readonly (Named & { readonly change: string; readonly what?: readonly string[] })[];
}

interface Found extends Document {
  readonly snapshots: readonly { readonly id: string; readonly host: string }[];
  readonly paths: readonly (Named & {
    readonly host: string;
    readonly versions: readonly { readonly change: string; readonly snapshots: readonly string[] }[];
  })[];
  readonly unread: readonly { readonly snapshots: readonly string[]; readonly failure: Failure }[];
}

const key = await generateRecoveryKey({
  name: 'operator',
  passphrase: PASSPHRASE,
  created: new Date(Date.now() - 60_000),
});

/** Names that are no text, drive a terminal, mean others as patterns, or look like options and comments. */
const ODD = [
  Buffer.from('caf\xe9', 'latin1'),
  Buffer.from('\xff\xfe', 'latin1'),
  Buffer.from('half \xf0\x9f', 'latin1'),
  ...[
    '*',
    'a[1].pdf',
    '--depth',
    '#notes',
    '!not',
    'back\\slash',
    ' end ',
    'two\nlines',
    '\x1b[2J',
    'наум',
    '\u202etxt',
  ].map((name) => Buffer.from(name)),
];

let machine: Machine;
/** Of a snapshot for each state of the data: with the odd names; one of them gone, and one other. */
const ids: string[] = [];

before(async () => {
  machine = await Machine.create();
  for (const name of ODD) await writeFile(inData(name), 'first');
  await back();
  await writeFile(inData(ODD[0] as Buffer), 'and more');
  await rm(inData(ODD[1] as Buffer));
  await back();
});
after(() => machine[Symbol.asyncDispose]());

async function back(): Promise<void> {
  const { runs } = await machine.ask<{ runs: RunReport[] }>(['run']);
  ids.push(runs[0]?.snapshot?.id ?? assert.fail('no snapshot'));
}

function inData(name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${machine.data}/`), name]);
}

const bytesOf = ({ path, pathBase64 }: Named) => Buffer.from(pathBase64 ?? path, pathBase64 ? 'base64' : 'utf8');
const sorted = (names: readonly Buffer[]) => names.map((name) => name.toString('hex')).sort();
const codeOf = (ended: Ended) => documentOf<Partial<Document>>(ended).failure?.code;

test('names of every kind: exact in the document, harmless as text, and what is shown can be asked for', async () => {
  const at = ['--at', ids[0] ?? ''];
  const { entries } = await machine.ask<Listing>(['ls', 'files', ...at]);
  assert.deepEqual(sorted(entries.map(bytesOf)), sorted([Buffer.from(''), ...ODD]));
  const shown = await machine.call(['ls', 'files', ...at]);
  assertExit(shown, 0);
  const lines = shown.stdout.split('\n').slice(0, -1);
  assert.equal(lines.length, ODD.length);
  assert.doesNotMatch(shown.stdout, /[^\n\P{Cc}]|[\u202a-\u202e]/u);
  // What looks like an option, is taken back or is a comment is named by its place. One that names nothing would be exit 3.
  const named = lines.filter((line) => line !== '*');
  const asked = await machine.call(['ls', 'files', ...at, '--', ...named.map((line) => `/${line}`)]);
  assertExit(asked, 0);
  assert.deepEqual(asked.stdout.split('\n').slice(0, -1), named);
});

test('find says how what it found is restored, and that is this file and no other', async () => {
  for (const [pattern, expected] of [
    ['/caf\\xe9', ODD[0]],
    ['/\\*', ODD[3]],
  ] as const) {
    const found = await machine.call(['find', pattern]);
    assertExit(found, 0);
    const [, at = '', quoted = ''] =
      /Next: .* restore files --into \.\/restored --at (\S+) (.*)$/m.exec(found.stderr) ?? [];
    const into = machine.place(`restored-${at}-${pattern.length}`);
    assertExit(await machine.call(['restore', 'files', '--at', at, '--into', into, quoted.replace(/^'|'$/g, '')]), 0);
    assert.deepEqual(await readdir(into, { encoding: 'buffer' }), [expected]);
  }
});

test('diff and find: what changed under a name that is no text, for people and for programs', async () => {
  const { changes } = await machine.ask<Difference>(['diff', 'files']);
  const [root, ...rest] = changes;
  assert.deepEqual([root?.path, root?.what], ['', ['time']]);
  assert.deepEqual(
    rest.map((change) => [bytesOf(change), change.change, change.what]),
    [
      [ODD[0], 'changed', ['content', 'time']],
      [ODD[1], 'removed', undefined],
    ],
  );
  const text = await machine.call(['diff', 'files', ids[0] ?? '', ids[1] ?? '']);
  assertExit(text, 0);
  assert.match(text.stdout, /^M c\.\.t\.\.\. +8 B +\+3 B {2}caf\\xe9$/m);
  assert.match(text.stdout, /^- \.{7} +5 B +\\xff\\xfe$/m);
  const { paths, unread, problems } = await machine.ask<Found>(['find', '\\xff\\xfe']);
  assert.deepEqual([paths.map(bytesOf), unread, problems], [[ODD[1]], [], []]);
  assert.deepEqual(
    paths[0]?.versions.map(({ change, snapshots }) => [change, ...snapshots]),
    [
      ['added', ids[0]],
      ['removed', ids[1]],
    ],
  );
});

test('how it ends: what is not there 64, a key that opens nothing 77, a target that is gone 69', async () => {
  const policy = await readFile(machine.policy, 'utf8');
  await writeFile(machine.place('gone.yaml'), policy.replace(machine.repository, machine.place('nowhere')));
  await writeFile(machine.place('other.asc'), key.privateKey, { mode: 0o600 });
  const wrong = ['--key', machine.place('other.asc')];
  const cases: readonly (readonly [words: readonly string[], exit: number, code?: string])[] = [
    [['ls', 'nothing'], 64, 'SNAPSHOT_UNKNOWN'],
    [['diff', 'nothing'], 64, 'SNAPSHOT_UNKNOWN'],
    [['find', 'x', '--source', 'nothing'], 64, 'SNAPSHOT_UNKNOWN'],
    [['ls', 'files', '--at', '00000000'], 64, 'SNAPSHOT_UNKNOWN'],
    // December of 7587, said others.
    [['ls', 'files', '--at', '07587dec'], 64, 'SNAPSHOT_UNKNOWN'],
    [['restore', 'files', '--at', '07587dec', '--into', machine.place('another')], 64, 'SNAPSHOT_UNKNOWN'],
    [['restore', 'files', '--at', '2099-02-30', '--into', machine.place('another')], 64, 'SNAPSHOT_UNKNOWN'],
    [['diff', 'files', '07587dec', 'latest'], 64, 'SNAPSHOT_UNKNOWN'],
    [['find', 'x', '--from', 'ffffffff'], 64, 'SNAPSHOT_UNKNOWN'],
    [['ls', 'files', 'nowhere'], 64],
    [['ls', 'files', 'nowhere', '/наум'], 3],
    [['ls', 'files', ...wrong], 77, 'WRONG_KEY'],
    [['diff', 'files', ...wrong], 77, 'WRONG_KEY'],
    [['find', '*', ...wrong], 77, 'WRONG_KEY'],
    [['find', '*', '--policy', machine.place('gone.yaml')], 69],
  ];
  for (const [words, exit, code] of cases) {
    const ended = await machine.call([...words, '--json']);
    assertExit(ended, exit);
    if (code !== undefined) assert.equal(codeOf(ended), code, words.join(' '));
  }
});

test('a snapshot that cannot be read is named, never passed over in silence: find ends with 3', async () => {
  await using damaged = await Machine.create();
  await writeFile(`${damaged.data}/file`, 'one');
  await damaged.ask(['run']);
  await damaged.ask(['run']);
  const [, second = ''] = [...(await damaged.objects('snapshots')).keys()].sort();
  const file = join(damaged.repository, second);
  const bytes = await readFile(file);
  await rm(file);
  await writeFile(file, bytes.fill(0, 100, 120));
  const found = await damaged.call(['find', 'file', '--json']);
  assertExit(found, 3);
  const { paths, problems, snapshots } = documentOf<Found>(found);
  assert.deepEqual([paths.length, snapshots.length, problems.length], [1, 1, 1]);
  assert.match(found.stderr, /^! .*\((SIGNATURE_INVALID|OBJECT_DAMAGED)\)/m);
  const listed = await damaged.call(['ls', 'files']);
  assertExit(listed, 0);
  assert.match(listed.stderr, /^! /m);
});

test('what nobody approved is shown by no verb, is named, and counts once its writer is approved', async () => {
  const jobs = 'retention: { own: {} }\njobs: { own: { source: files, targets: [local], retention: own } }\n';
  await using fleet = await Fleet.create(jobs, key);
  const [one, two] = [await fleet.host('db-1'), await fleet.host('db-2')];
  const back = async (host: typeof one) => {
    const { runs } = await host.ask<{ runs: RunReport[] }>(['run']);
    return runs[0]?.snapshot?.id ?? assert.fail('no snapshot');
  };
  const operate = (...words: string[]) => fleet.operate([...words, '--key', fleet.key, '--json']);
  await writeFile(join(one.data, 'report'), 'of db-1');
  const { writer: first } = await one.ask<{ writer: { code: string } }>(['init']);
  await fleet.askOperator(['keys', 'approve', first.code, '--yes', '--key', fleet.key]);
  const mine = await back(one);
  await writeFile(join(one.data, 'report'), 'of db-1, later');
  await back(one);
  await writeFile(join(two.data, 'report'), 'by somebody');
  await writeFile(join(two.data, 'planted'), 'by somebody');
  const { writer: second } = await two.ask<{ writer: { code: string } }>(['init', '--join']);
  await back(two);
  const theirs = await back(two);

  const known = (document: Document) => document.problems.map(({ code }) => code);
  const listed = await operate('ls', 'files');
  assertExit(listed, 0);
  assert.match(listed.stderr, /what 2 snapshots hold is not used/);
  const listing = documentOf<Listing>(listed);
  assert.deepEqual([listing.snapshot.host, known(listing)], ['db-1', ['WRITER_UNAPPROVED']]);
  const difference = await operate('diff', 'files');
  assertExit(difference, 0);
  assert.deepEqual(known(documentOf<Difference>(difference)), ['WRITER_UNAPPROVED']);
  const search = await operate('find', 'report');
  assertExit(search, 0);
  const found = documentOf<Found>(search);
  assert.deepEqual(
    [found.snapshots.map(({ host }) => host), found.paths.length, known(found)],
    [['db-1', 'db-1'], 1, ['WRITER_UNAPPROVED']],
  );
  assertExit(await operate('find', 'planted'), 64);
  for (const words of [
    ['ls', 'files', '--at', theirs],
    ['ls', 'files', '--writer', second.code],
    ['diff', 'files', mine, theirs],
    ['diff', 'files', '--writer', second.code],
    ['find', 'report', '--from', theirs],
    ['find', 'report', '--writer', second.code],
  ]) {
    const ended = await operate(...words);
    assertExit(ended, 77);
    assert.equal(codeOf(ended), 'WRITER_UNAPPROVED', words.join(' '));
  }

  await fleet.askOperator(['keys', 'approve', second.code, '--yes', '--key', fleet.key]);
  const both = await operate('find', 'report', 'planted');
  assertExit(both, 0);
  assert.deepEqual(
    documentOf<Found>(both).paths.map(({ host, path }) => `${host} ${path}`),
    ['db-1 report', 'db-2 planted', 'db-2 report'],
  );
  const whose = await operate('diff', 'files');
  assertExit(whose, 64);
  assert.equal(codeOf(whose), 'SNAPSHOT_AMBIGUOUS');
  const named = await operate('ls', 'files', '--writer', second.code);
  assertExit(named, 0);
  assert.deepEqual([documentOf<Listing>(named).snapshot.id, known(documentOf<Listing>(named))], [theirs, []]);
  const between = await operate('diff', 'files', '--writer', second.code);
  assertExit(between, 0);
  assert.deepEqual(documentOf<Difference>(between).changes, []);
  const across = await operate('diff', 'files', mine, theirs, 'report', 'planted');
  assertExit(across, 0);
  assert.deepEqual(
    documentOf<Difference>(across).changes.map(({ change, path }) => `${change} ${path}`),
    ['added planted', 'changed report'],
  );
});
