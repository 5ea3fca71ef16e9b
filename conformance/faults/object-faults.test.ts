import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { verify } from '../../agent/recovery/reading.fixture.ts';
import { Random } from '../benchmark/random.ts';
import { noise } from '../kit/samples.ts';
import {
  changed,
  check,
  type Damage,
  dispose,
  flipped,
  keysOf,
  original,
  other,
  prepare,
  r,
  replace,
  reset,
  small,
} from './damaged-repository.fixture.ts';
import {
  complain,
  complaints,
  type Depth,
  examine,
  judgeFindings,
  names,
  type Row,
  rowFor,
  table,
} from './object-judging.fixture.ts';
import { kindOf, type ObjectKind, regionsOf } from './object-regions.ts';

const SEED = Number(process.env['HOLDFAST_TEST_SEED'] ?? 20_261_126);
/** All bytes of all small objects would take minutes. */
const EVERY = Number(process.env['HOLDFAST_TEST_EVERY'] ?? 8);

before(prepare);
after(dispose);

const KINDS: readonly ObjectKind[] = [
  'marker',
  'writer',
  'approval',
  'epoch',
  'pack',
  'index',
  'snapshot',
  'session',
  'check',
];

test('one flipped bit in every region of every kind of object', async (t) => {
  const random = new Random(SEED);
  const started = performance.now();
  for (const kind of KINDS) {
    const keys = await keysOf(kind);
    const key = keys[random.below(keys.length)] ?? assert.fail(kind);
    let depth: Depth = 'deep';
    for (const { name, from, to } of regionsOf(kind, await original(key))) {
      const [at, bit] = [from + random.below(to - from), random.below(8)];
      await examine(changed(key, `flipped: bit ${bit} of byte ${at}, ${name}`, flipped(at, bit)), depth);
      depth = kind === 'pack' || random.below(3) === 0 ? 'restore' : 'look';
    }
  }
  t.diagnostic(`${((performance.now() - started) / 1000).toFixed(1)} s`);
});

test('objects cut short at several lengths, and with more behind their end', async () => {
  const random = new Random(SEED + 1);
  for (const kind of KINDS) {
    const keys = await keysOf(kind);
    for (const [n, cut] of ['0', '1', '7', '8', 'half', 'random', 'all but one'].entries()) {
      const key = keys[random.below(keys.length)] ?? assert.fail(kind);
      const { length } = await original(key);
      const lengths = [0, 1, 7, 8, length >> 1, 9 + random.below(length - 10), length - 1];
      const to = lengths[n] ?? 0;
      const depth = cut === '0' ? 'deep' : kind === 'pack' || cut === 'all but one' ? 'restore' : 'look';
      await examine(
        changed(key, `cut short: to ${to} bytes`, (bytes) => bytes.subarray(0, to)),
        depth,
      );
    }
    const [key = ''] = keys;
    const longer = (bytes: Buffer) => Buffer.concat([bytes, noise(7, 9)]);
    await examine(changed(key, 'longer: by 9 bytes', longer), 'restore');
  }
});

test('objects that are gone', async () => {
  for (const kind of KINDS) {
    const keys = await keysOf(kind);
    for (const [n, key] of keys.entries()) {
      const gone: Damage = { kind, how: 'removed', key, do: () => rm(r.path(key)) };
      await examine(gone, n === 0 ? 'deep' : 'restore');
    }
  }
});

test('two objects of a kind in each other’s place, and an older one under the name of a newer', async () => {
  const random = new Random(SEED + 2);
  for (const kind of ['epoch', 'pack', 'index', 'snapshot', 'session', 'check'] as const) {
    const keys = await keysOf(kind);
    const first = random.below(keys.length);
    const [a, b] = [keys[first] ?? '', keys[(first + 1) % keys.length] ?? ''];
    const [bytesA, bytesB] = [await original(a), await original(b)];
    const swap: Damage = {
      kind,
      how: 'swapped',
      key: a,
      async do() {
        await replace(a, bytesB);
        await replace(b, bytesA);
      },
    };
    // Of two objects, the damage to one is judged: the other's hurts whatever it hurts.
    await examine({ ...swap, do: () => replace(a, bytesB) }, 'deep');
    await reset();
    await swap.do();
    const report = await check('checksum');
    for (const key of [a, b]) if (!names(report, key)) complain({ ...swap, key }, 'is not named when both are swapped');
  }
  const chain = (await keysOf('snapshot')).filter((key) => key.includes('/one/'));
  const [oldest = '', , newest = ''] = chain;
  const old = await original(oldest);
  await examine({ kind: 'snapshot', how: 'replayed: in place', key: newest, do: () => replace(newest, old) }, 'deep');
  const next = newest.replace(/\d$/, '4');
  await examine({ kind: 'snapshot', how: 'replayed: as next', key: next, do: () => replace(next, old) }, 'deep');
});

test('objects of another repository, in place of ours and beside them', async () => {
  for (const kind of KINDS) {
    const [key = ''] = await keysOf(kind);
    const [theirs = ''] = (await other.keys('')).filter((name) => !name.startsWith('tmp/') && kindOf(name) === kind);
    const bytes = await readFile(other.path(theirs));
    await examine({ kind, how: 'foreign: in place', key, do: () => replace(key, bytes) }, 'deep');
    if (kind === 'marker') continue;
    if (kind === 'pack') {
      // A run sees that a pack is not as long as it was. Of one that is, only its bytes tell.
      const { length } = await original(key);
      const asLong = Buffer.concat([bytes, noise(5, length)]).subarray(0, length);
      await examine({ kind, how: 'foreign: as long', key, do: () => replace(key, asLong) }, 'deep');
    }
    // Under their own name, where ours lie: in our domain, of our writer.
    const beside = [
      ...key.split('/').slice(0, kind === 'pack' ? 2 : -1),
      ...theirs.split('/').slice(kind === 'pack' ? 2 : -1),
    ];
    const at = kind === 'snapshot' ? key.replace(/\d$/, '9') : beside.join('/');
    await examine({ kind, how: 'foreign: beside', key: at, do: () => replace(at, bytes) }, 'restore');
  }
});

test('bytes all over the small objects, one bit each: it is found, and named', async (t) => {
  const random = new Random(SEED + 3);
  let cases = 0;
  for (const kind of KINDS.filter((one) => one !== 'pack')) {
    const [key = ''] = (await small.keys('')).filter((name) => !name.startsWith('tmp/') && kindOf(name) === kind);
    const bytes = await readFile(small.path(key));
    for (let at = SEED % EVERY; at < bytes.length; at += EVERY) {
      const damage = { kind, how: `all over: byte ${at}`, key, do: async () => {} };
      await writeFile(small.path(key), flipped(at, random.below(8))(Buffer.from(bytes)));
      judgeFindings(damage, rowFor(damage), await verify(small, kind === 'check' ? 'checksum' : 'list'), true);
      cases += 1;
    }
    await writeFile(small.path(key), bytes);
  }
  assert.deepEqual((await verify(small, 'list')).findings, []);
  t.diagnostic(`${cases} bytes, every ${EVERY}th; HOLDFAST_TEST_EVERY=1 takes all`);
});

test('all of it in figures: nothing undetected, no wrong byte', (t) => {
  t.diagnostic(`seed ${SEED}: HOLDFAST_TEST_SEED sets another`);
  const columns = Object.keys([...table.values()][0] ?? {}) as (keyof Row)[];
  const line = (name: string, cell: (column: keyof Row) => unknown) =>
    t.diagnostic([name.padEnd(24), ...columns.map((column) => `${cell(column)}`.padStart(13))].join(''));
  line('kind · damage', (column) => column);
  for (const [name, row] of table) line(name, (column) => row[column]);
  const sum = (column: keyof Row) => [...table.values()].reduce((all, row) => all + row[column], 0);
  line('all', sum);
  assert.deepEqual(complaints, []);
  assert.deepEqual([sum('wrongBytes'), sum('undetected')], [0, 0]);
  assert.equal(sum('detected') + sum('meaningless'), sum('cases'));
  assert.equal(sum('named'), sum('detected'));
  assert.equal(sum('restRestored'), sum('restored'));
  assert.equal(sum('healed'), sum('run'));
});
