import assert from 'node:assert/strict';
import { copyFile, cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RepairReport } from '../../agent/recovery/repair-report.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { noise } from '../kit/samples.ts';
import { assertSameContent } from './difference.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

type Copy = 'repository' | 'second';

/** A machine that backs up to two folders, three times. */
class Pair implements AsyncDisposable {
  readonly machine: Machine;

  private constructor(machine: Machine) {
    this.machine = machine;
  }

  static async create(): Promise<Pair> {
    const machine = await Machine.create();
    const pair = new Pair(machine);
    const policy = await readFile(machine.policy, 'utf8');
    const second = JSON.stringify(machine.place('second'));
    await writeFile(
      machine.policy,
      policy
        .replace('targets: { local:', `targets: { second: { type: local, path: ${second} }, local:`)
        .replace('targets: [local]', 'targets: [local, second]'),
    );
    assertExit(await machine.call(['init']), 0);
    for (let i = 0; i < 3; i++) {
      await writeFile(join(machine.data, `file ${i}`), noise(i, 50_000));
      assertExit(await machine.call(['run']), 0);
    }
    for (const copy of ['repository', 'second'] as const) await cp(pair.path(copy), pair.path(`${copy}.whole`), WHOLE);
    return pair;
  }

  path(copy: string, key = ''): string {
    return join(this.machine.folder, copy, key);
  }

  /** Both copies as they were. */
  async reset(): Promise<void> {
    for (const copy of ['repository', 'second']) {
      await rm(this.path(copy), WHOLE);
      await cp(this.path(`${copy}.whole`), this.path(copy), WHOLE);
    }
  }

  /** Keys in order, without what was moved away. */
  async keys(copy: string, prefix = ''): Promise<string[]> {
    const root = this.path(copy);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((key) => key.startsWith(prefix) && (prefix !== '' || !/^(quarantine|tmp)\//.test(key)))
      .sort();
  }

  /** Of the first copy, in the order in which runs put them. */
  async byAge(prefix: string): Promise<string[]> {
    const keys = await this.keys('repository', prefix);
    const at = new Map<string, number>();
    for (const key of keys) at.set(key, (await stat(this.path('repository', key))).mtimeMs);
    return keys.toSorted((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
  }

  async flip(copy: Copy, key: string): Promise<void> {
    const bytes = await readFile(this.path(copy, key));
    const place = bytes.length >> 1;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await writeFile(this.path(copy, key), bytes);
  }

  async repair(...words: readonly string[]) {
    const ended = await this.machine.call(['repair', '--json', ...words]);
    return { ended, report: documentOf<RepairReport>(ended) };
  }

  async verify(level: string): Promise<VerifyReport> {
    return documentOf<VerifyReport>(await this.machine.call(['verify', '--json', '--level', level]));
  }

  /** But for what is not copied: sessions, by which whoever brings a snapshot says that he is at work, and what verifications came to. */
  async assertSame(copy: Copy): Promise<void> {
    const keysOf = async (of: string) => (await this.keys(of)).filter((key) => !/^(sessions|checks)\//.test(key));
    const [keys, whole] = [await keysOf(copy), await keysOf(`${copy}.whole`)];
    assert.deepEqual(keys, whole);
    for (const key of keys)
      assert.deepEqual(await readFile(this.path(copy, key)), await readFile(this.path(`${copy}.whole`, key)), key);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.machine[Symbol.asyncDispose]();
  }
}

const WHOLE = { recursive: true, force: true };
/** The marker and the writers of a copy vouch for each other: without both, a folder is no repository. */
const KINDS = [
  ['repository'],
  ['keys/writers/', 'keys/approvals/', 'keys/epochs/', 'packs/', 'indexes/', 'snapshots/'],
];

const damages: Readonly<Record<string, (pair: Pair, key: string, other: string) => Promise<void>>> = {
  'a bit of each kind is flipped': (pair, key) => pair.flip('second', key),
  'one of each kind is cut short': async (pair, key) =>
    truncate(pair.path('second', key), (await stat(pair.path('second', key))).size - 1),
  'one of each kind is gone': (pair, key) => rm(pair.path('second', key)),
  'one of each kind holds what belongs to another': (pair, key, other) =>
    copyFile(pair.path('second', other), pair.path('second', key)),
};

test('whatever befalls one copy is healed from the other, byte for byte, and what was damaged lies in quarantine', async (t) => {
  await using pair = await Pair.create();
  for (const [name, damage] of Object.entries(damages)) {
    for (const kinds of KINDS) {
      await t.test(`${name}: ${kinds.join(', ')}`, async () => {
        await pair.reset();
        const damaged: string[] = [];
        for (const kind of kinds) {
          const [key = assert.fail(kind), another] = await pair.keys('second', kind);
          const [snapshot = assert.fail()] = await pair.keys('second', 'snapshots/');
          await damage(pair, key, another ?? snapshot);
          damaged.push(key);
        }
        if (kinds.length > 1 && name.includes('flipped')) await assertAsks(pair);
        const { ended, report } = await pair.repair('--yes');
        assertExit(ended, 0);
        assert.deepEqual([report.verdict, report.lost], ['ok', []], JSON.stringify(report, null, 1));
        const objects = report.steps.map(({ object }) => object);
        for (const key of damaged) assert.ok(objects.includes(key), key);
        await pair.assertSame('second');
        await pair.assertSame('repository');
        const quarantine = await pair.keys('second', 'quarantine/');
        const moved = report.steps.flatMap((step) => ('movedTo' in step ? (step.movedTo ?? []) : []));
        assert.deepEqual(moved.toSorted(), quarantine, 'where they are is said');
        const aside = quarantine.map((key) => key.split('/').slice(2).join('/'));
        assert.deepEqual(aside.toSorted(), name.includes('gone') ? [] : damaged.toSorted());
        if (kinds.length > 1) assert.deepEqual((await pair.verify('restore')).findings, []);
      });
    }
  }
});

/** A repair that is only shown, or that nobody confirms, changes nothing. */
async function assertAsks(pair: Pair): Promise<void> {
  const before = await pair.keys('second');
  const dry = await pair.repair('--dry-run');
  assertExit(dry.ended, 0);
  assert.equal(dry.report.verdict, 'planned');
  assert.ok(dry.report.steps.length > 0);
  const asked = await pair.machine.call(['repair']);
  assertExit(asked, 64);
  assert.match(asked.stderr, /nobody to ask/);
  assert.deepEqual(await pair.keys('second'), before);
  assert.deepEqual(await pair.keys('second', 'quarantine/'), []);
}

test('killed before or after any move or copy, the next repair goes on', async () => {
  await using pair = await Pair.create();
  for (const when of ['1 before', '1 after', '2 before', '2 after', '4 before', '6 after']) {
    await pair.reset();
    for (const kind of ['packs/', 'indexes/', 'snapshots/']) {
      const [key = assert.fail()] = await pair.keys('second', kind);
      await pair.flip('second', key);
    }
    const killed = await pair.machine.call(['repair', '--yes'], {
      env: { HOLDFAST_TEST_DIE: when },
      nodeArgs: ['--import', import.meta.resolve('./die-at-link.ts')],
    });
    assert.equal(killed.signal, 'SIGKILL', when);
    const { ended, report } = await pair.repair('--yes');
    assertExit(ended, 0);
    assert.deepEqual(report.lost, [], when);
    await pair.assertSame('second');
  }
});

test('what no copy has whole is lost by name, and all else is left to restore', async () => {
  await using pair = await Pair.create();
  // Of the last run: all of what it stored is still at its source.
  const [key, index] = [(await pair.byAge('packs/'))[2] ?? '', (await pair.byAge('indexes/'))[1] ?? ''];
  for (const copy of ['repository', 'second'] as const) for (const one of [key, index]) await pair.flip(copy, one);
  const first = await pair.repair('--yes');
  assertExit(first.ended, 1);
  const lost = first.report.lost.map(({ target, object, setAside }) => [target, object, setAside]);
  assert.deepEqual(lost.toSorted(), [
    ['local', key, false],
    ['second', key, false],
  ]);
  assert.ok(first.report.lost.every(({ snapshots }) => snapshots.length === 1));
  // The index was made again, of what the packs say themselves.
  assert.deepEqual((await pair.repair('--yes')).report.steps, []);
  const codes = (await pair.verify('checksum')).findings.map(({ failure }) => failure.code);
  assert.deepEqual([...new Set(codes)], ['PACK_DAMAGED']);
  const aside = await pair.repair('--yes', '--set-aside');
  assertExit(aside.ended, 1);
  assert.ok(aside.report.lost.every(({ setAside }) => setAside));
  assertExit(await pair.machine.call(['repair', '--yes']), 1);
  // What is still at its source is stored again, and then nothing is lost.
  assertExit(await pair.machine.call(['run']), 0);
  const { ended, report } = await pair.repair('--yes');
  assertExit(ended, 0);
  assert.deepEqual([report.steps, report.lost], [[], []]);
  assert.deepEqual((await pair.verify('restore')).findings, []);
});

test('a pack that is lost together with the index that named it is missed all the same', async () => {
  await using pair = await Pair.create();
  const objects = [(await pair.byAge('packs/'))[1] ?? '', (await pair.byAge('indexes/'))[1] ?? ''];
  for (const copy of ['repository', 'second'] as const) for (const key of objects) await rm(pair.path(copy, key));
  const [, ...needing] = await pair.keys('second', 'snapshots/');
  const { ended, report } = await pair.repair('--yes');
  assertExit(ended, 1);
  assert.deepEqual([report.verdict, report.steps], ['lost', []]);
  assert.deepEqual(report.lost.map(({ target, object }) => `${target} ${object}`).toSorted(), [
    ...needing.map((key) => `local ${key}`),
    ...needing.map((key) => `second ${key}`),
  ]);
  assert.deepEqual([...new Set(report.lost.map(({ failure }) => failure.code))], ['FRAMES_MISSING']);
  // The next one has all that there is to have.
  assertExit(await pair.machine.call(['run']), 0);
  const into = pair.machine.place('restored');
  assertExit(await pair.machine.call(['restore', 'files', '--at', 'latest', '--into', into]), 0);
  assertSameContent(pair.machine.data, into);
});

test('what was moved away is said with the place where it lies, also when no copy replaces it', async () => {
  await using pair = await Pair.create();
  const [first = assert.fail(), lost = assert.fail()] = await pair.keys('second', 'packs/');
  for (const copy of ['repository', 'second'] as const) await pair.flip(copy, lost);
  await pair.flip('second', first);
  const { stdout } = await pair.machine.call(['repair', '--yes', '--set-aside']);
  const [, to = assert.fail(stdout)] = / +moved to +(quarantine\/\S+)/.exec(stdout) ?? [];
  const folder = to.slice(0, to.indexOf('packs/'));
  assert.match(stdout, new RegExp(`quarantine +target second: 2 objects in ${folder},`));
  assert.match(stdout, new RegExp(`quarantine +target local: 1 object in ${folder},`));
  assert.deepEqual(await pair.keys('second', 'quarantine/'), [folder + first, folder + lost].toSorted());
});

test('where nobody is there to ask the plan is shown, then why it is not carried out', async () => {
  await using pair = await Pair.create();
  const [pack = assert.fail()] = await pair.keys('second', 'packs/');
  await pair.flip('second', pack);
  const before = await pair.keys('second');
  const ended = await pair.machine.call(['repair']);
  assertExit(ended, 64);
  assert.match(ended.stdout, /^· 1 object to repair$/m);
  assert.ok(ended.stdout.includes(pack));
  assert.doesNotMatch(ended.stdout, /failed/);
  assert.match(ended.stderr, /^✖ 1 object would be moved or copied, and there is nobody to ask/);
  assert.match(ended.stderr, /repair --yes/);
  assert.deepEqual(await pair.keys('second'), before);
});

test('what is newer is never moved', async () => {
  await using pair = await Pair.create();
  const [epoch = assert.fail()] = await pair.keys('second', 'keys/epochs/');
  const bytes = await readFile(pair.path('second', epoch));
  bytes[5] = 2;
  await writeFile(pair.path('second', epoch), bytes);
  const { report } = await pair.repair('--yes');
  assert.deepEqual(report.steps, []);
  assert.match(report.notes.join(), /format version 2/);
  assert.deepEqual(await readFile(pair.path('second', epoch)), bytes);
});
