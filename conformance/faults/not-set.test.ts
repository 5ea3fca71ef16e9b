/** What a restore could not set is said file by file, as whoever it runs. All of it needs root, to become somebody who may less. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { UnsetPart } from '../../agent/contract/index.ts';
import type { RestoreReport } from '../../agent/recovery/restore-report.ts';
import { exactDifferences } from '../acceptance/exact-state.ts';
import { type Given, Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf, type Ended } from '../acceptance/program.ts';
import { NOBODY, Nobody } from './nobody.ts';

const asRoot = process.getuid?.() === 0;
const skip = !asRoot && 'needs root to become somebody else';
const GROUP = 4712;
const OF_OTHERS = 30;
// cap_net_bind_service=ep, as setcap(8) writes it: version 2, effective; permitted 1 << 10.
const CAPABILITY = '0x0100000200040000000000000000000000000000';

const ways: readonly (readonly [by: string, nodeArgs: string[]])[] = [
  ['the C library', []],
  ['the tools of the system', ['--import', import.meta.resolve('../acceptance/without-ffi.ts')]],
];

let machine: Machine;
let other: Nobody;

before(async () => {
  if (!asRoot) return;
  other = new Nobody();
  machine = await Machine.create();
  makeRights(machine.data);
  await machine.ask(['run']);
  const { folder, state, repository } = machine;
  // They read the repository, and have keys of their own: whoever reads keys is who owns them.
  execFileSync('cp', ['-a', state, machine.place('theirs')]);
  execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, machine.place('theirs')]);
  execFileSync('chmod', ['-R', 'a+rX', repository]);
  execFileSync('chmod', ['0755', folder]);
  mkdirSync(machine.place('into'));
  execFileSync('chmod', ['1777', machine.place('into')]);
});
after(async () => {
  await machine?.[Symbol.asyncDispose]();
  other?.[Symbol.dispose]();
});

function asNobody(groups: readonly number[] = []): Given {
  return { through: other.through(groups), env: { HOLDFAST_STATE: machine.place('theirs') } };
}

const place = (name: string) => machine.place(join('into', name));

function makeRights(data: string): void {
  const at = (name: string) => join(data, name);
  for (const name of ['mine', 'others', 'shared', 'mine/of the group']) mkdirSync(at(name));
  for (const name of ['su', 'wall', 'both', 'dump', 'ping', 'mine/file', 'mine/su']) writeFileSync(at(name), name);
  for (let n = 0; n < OF_OTHERS; n++) writeFileSync(at(`others/${n}`), '');
  symlinkSync('file', at('mine/link'));
  execFileSync('chown', ['-hR', `${NOBODY}:${NOBODY}`, at('mine')]);
  for (const name of ['mine/of the group', 'dump', 'wall', 'shared']) execFileSync('chgrp', [`${GROUP}`, at(name)]);
  execFileSync('setfattr', ['-n', 'security.capability', '-v', CAPABILITY, at('dump'), at('ping')]);
  for (const [name, mode] of [
    ['su', '4755'],
    ['wall', '2755'],
    ['both', '6711'],
    ['mine/su', '4700'],
    ['mine/of the group', '2770'],
    ['shared', '3777'],
  ] as const)
    execFileSync('chmod', [mode, at(name)]);
}

async function restores(exit: number, into: string, given: Given, ...args: string[]): Promise<RestoreReport> {
  const ended = await machine.call(['restore', 'files', '--into', into, ...args, '--json'], given);
  assertExit(ended, exit);
  return documentOf<RestoreReport>(ended);
}

function named({ unset }: RestoreReport, part: UnsetPart): readonly string[] {
  const found = unset.find((one) => one.part === part);
  assert.equal(found?.count ?? 0, found?.named.length ?? 0, `all of ${part} are named`);
  return (found?.named ?? []).toSorted();
}

/** What was left out, each with what it is called in words. */
function told({ skipped }: RestoreReport): string[] {
  return skipped
    .map(({ what, failure }) => `${failure.code} ${what}: ${/ without (.*)$/.exec(failure.message)?.[1]}`)
    .sort();
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8);
const xattrsOf = (path: string) =>
  execFileSync('getfattr', ['-d', '-m', 'security.capability', '-e', 'hex', '--absolute-names', path]).toString();

const NOT_STORED = 'its owner is not the one that is stored';
const RIGHTS_OF_OTHERS = [
  `RESTORE_RIGHTS both: its set-group-id bit: ${NOT_STORED}`,
  `RESTORE_RIGHTS both: its set-user-id bit: ${NOT_STORED}`,
  `RESTORE_RIGHTS dump: its capabilities: ${NOT_STORED}`,
  `RESTORE_RIGHTS mine/of the group: its set-group-id bit: ${NOT_STORED}`,
  `RESTORE_RIGHTS ping: its capabilities: ${NOT_STORED}`,
  `RESTORE_RIGHTS shared: its set-group-id bit: ${NOT_STORED}`,
  `RESTORE_RIGHTS su: its set-user-id bit: ${NOT_STORED}`,
  `RESTORE_RIGHTS wall: its set-group-id bit: ${NOT_STORED}`,
];
const OWNERS = [
  ...['.', 'both', 'dump', 'mine/of the group', 'others', 'ping', 'shared', 'su', 'wall'],
  ...Array.from({ length: OF_OTHERS }, (_, n) => `others/${n}`),
].sort();

for (const [by, nodeArgs] of ways) {
  test(`who is not root is told each owner, bit and capability that is missing, by ${by}`, { skip }, async () => {
    const into = place(`nobody by ${by}`);
    const nobody = { ...asNobody(), nodeArgs };
    const report = await restores(3, into, nobody);
    assert.equal(report.verdict, 'incomplete');
    assert.deepEqual(told(report), RIGHTS_OF_OTHERS);
    assert.ok(report.skipped.every(({ failure }) => failure.hint?.includes('root')));
    assert.deepEqual(named(report, 'owner'), OWNERS);
    assert.deepEqual(named(report, 'set-user-id'), ['both', 'su']);
    assert.deepEqual(named(report, 'set-group-id'), ['both', 'mine/of the group', 'shared', 'wall']);
    assert.deepEqual(named(report, 'capability'), ['dump', 'ping']);
    const modes = ['su', 'wall', 'both', 'shared', 'mine/su', 'mine/of the group'].map((name) =>
      modeOf(join(into, name)),
    );
    assert.deepEqual(modes, ['755', '755', '711', '1777', '4700', '770']);
    assert.equal(xattrsOf(join(into, 'ping')), '');
    assert.equal(readFileSync(join(into, 'ping'), 'utf8'), 'ping');
    // Again, onto what is right as far as it can be: it lacks the same, and that is said again.
    const again = await restores(3, into, nobody, '--conflict', 'replace', '--yes');
    assert.deepEqual(told(again), RIGHTS_OF_OTHERS);
    assert.deepEqual(named(again, 'owner'), OWNERS);
    // Root does what the hint says.
    const rest = await restores(0, into, { nodeArgs }, '--conflict', 'replace', '--yes');
    assert.deepEqual([rest.unset, rest.skipped], [[], []]);
    assert.deepEqual([...exactDifferences(machine.data, into, { times: nodeArgs.length === 0 })], []);
    // And then nothing of it is taken away from what has its owner.
    const kept = await restores(0, into, nobody, '--conflict', 'replace', '--yes');
    assert.deepEqual([kept.unset, kept.skipped, kept.totals?.attributes], [[], [], 0]);
    assert.equal(modeOf(join(into, 'both')), '6711');
  });
}

test('owners alone, of whoever is not root, leave it complete: ten are named, all are counted', { skip }, async () => {
  const into = place('owners');
  const nobody = asNobody();
  const ended: Ended = await machine.call(['restore', 'files', '--into', into, 'others/'], nobody);
  assertExit(ended, 0);
  assert.match(ended.stdout, /owners not set/);
  const [line, ...more] = ended.stderr.split('\n').filter((one) => one.includes('owner'));
  assert.deepEqual(more, []);
  assert.match(line ?? '', /^! owner or group not set, which only root may: (\S+, ){9}\S+ and 22 others$/);
  const all = await machine.call(['restore', 'files', '--into', `${into} all`, 'others/', '--verbose'], nobody);
  assert.match(all.stderr, /only root may: (\S+, ){31}\S+$/m);
});

test('on a terminal what is there without rights is said apart, with how to get them', { skip }, async () => {
  const ended = await machine.call(['restore', 'files', '--into', place('words')], asNobody());
  assertExit(ended, 3);
  const lines = ended.stderr.split('\n').filter((line) => line.includes('RESTORE_RIGHTS'));
  assert.equal(lines.length, RIGHTS_OF_OTHERS.length);
  for (const line of lines) assert.match(line, /^! incomplete: .* was restored without its .*\(RESTORE_RIGHTS\)$/);
  assert.match(ended.stderr, /as root, with --conflict replace/);
  assert.doesNotMatch(ended.stderr, /not restored|Next:/);
});

test('what belongs to a group of theirs comes back whole to somebody who is not root', { skip }, async () => {
  const into = place('group');
  const report = await restores(0, into, asNobody([GROUP]), '/mine/');
  assert.deepEqual(report.skipped, []);
  assert.deepEqual(named(report, 'owner'), ['.']);
  assert.equal(modeOf(join(into, 'mine/of the group')), '2770');
  assert.equal(statSync(join(into, 'mine/of the group')).gid, GROUP);
});

for (const [by, nodeArgs] of ways) {
  test(`root without the capability to give files away keeps their content, by ${by}`, { skip }, async () => {
    const into = place(`no chown by ${by}`);
    const report = await restores(3, into, { through: without('chown'), nodeArgs });
    const lost = ['dump', 'mine', 'mine/file', 'mine/link', 'mine/of the group', 'mine/su', 'shared', 'wall'];
    assert.deepEqual(named(report, 'owner'), lost);
    assert.deepEqual(named(report, 'set-user-id'), ['mine/su']);
    assert.deepEqual(named(report, 'set-group-id'), ['mine/of the group', 'shared', 'wall']);
    assert.deepEqual(named(report, 'capability'), ['dump']);
    assert.deepEqual(
      told(report),
      [
        ...lost.map((name) => `RESTORE_ATTRIBUTE ${name}: its owner: EPERM`),
        ...['mine/of the group', 'shared', 'wall'].map((name) => `RESTORE_RIGHTS ${name}: its set-group-id bit: EPERM`),
        'RESTORE_RIGHTS dump: its capabilities: EPERM',
        ...['mine/su'].map((name) => `RESTORE_RIGHTS ${name}: its set-user-id bit: EPERM`),
      ].sort(),
    );
    assert.deepEqual([modeOf(join(into, 'su')), modeOf(join(into, 'mine/su'))], ['4755', '700']);
    assert.equal(readFileSync(join(into, 'mine/su'), 'utf8'), 'mine/su');
    assert.match(xattrsOf(join(into, 'ping')), new RegExp(CAPABILITY));
    assert.equal(xattrsOf(join(into, 'dump')), '');
  });
}

test('a bit that the system takes off without a word is missed', { skip }, async () => {
  const into = place('no fsetid');
  const report = await restores(3, into, { through: without('fsetid') });
  // Of a group that root is not in (chmod(2)).
  assert.deepEqual(told(report), [
    'RESTORE_RIGHTS mine/of the group: its set-group-id bit: EPERM',
    'RESTORE_RIGHTS shared: its set-group-id bit: EPERM',
    'RESTORE_RIGHTS wall: its set-group-id bit: EPERM',
  ]);
  assert.deepEqual(named(report, 'owner'), []);
  assert.equal(modeOf(join(into, 'wall')), '755');
});

test('root without the right to give capabilities says which are missing', { skip }, async () => {
  const report = await restores(3, place('no setfcap'), { through: without('setfcap') });
  assert.deepEqual(told(report), [
    'RESTORE_RIGHTS dump: its capabilities: EPERM',
    'RESTORE_RIGHTS ping: its capabilities: EPERM',
  ]);
});

test('a drill by somebody who is not root does not take rights that are not theirs for damage', { skip }, async () => {
  const ended = await machine.call(['verify', '--level', 'restore', '--json'], asNobody());
  assertExit(ended, 0);
});

function without(capability: string): string[] {
  return ['setpriv', `--bounding-set=-${capability}`, '--inh-caps=-all'];
}
