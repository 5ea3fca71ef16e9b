/**
 * What somebody who holds a host's keys can write to make a reader run out of memory. The real program restores each, in a
 * process of its own whose memory is measured.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  type ChunkRef,
  CraftedRepository,
  file,
  folder,
  listOf,
  symlink,
} from '../../agent/recovery/crafted-repository.fixture.ts';
import type { RestoreReport } from '../../agent/recovery/restore-report.ts';
import { Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf, type Ended } from '../acceptance/program.ts';

const MiB = 2 ** 20;
/** The program itself takes some 250 MiB. */
const LIMIT = 512 * MiB;
const FRAME = 32 * MiB;

let machine: Machine;
let crafted: CraftedRepository;
let honest = '';
let next = 0;

before(async () => {
  machine = await Machine.create();
  mkdirSync(join(machine.data, 'folder'));
  writeFileSync(join(machine.data, 'folder/file'), 'honest');
  await machine.ask(['run']);
  honest = (await machine.snapshots())[0]?.id ?? '';
  crafted = await CraftedRepository.open(machine.repository, machine.state);
});
after(() => machine[Symbol.asyncDispose]());

async function restored(
  t: TestContext,
  at: string,
  limit = LIMIT,
  more: readonly string[] = [],
): Promise<{ ended: Ended; report: RestoreReport; into: string }> {
  const into = machine.place(`into-${next++}`);
  const args = ['restore', 'files', '--json', '--at', at, '--into', into, ...more];
  const child = machine.start(args, { peakFile: machine.place('peak') });
  // What takes all memory would take down whoever else is on this machine.
  const guard = setInterval(() => {
    if (residentBytes(child.process.pid ?? 0) > 3 * LIMIT) void child.kill();
  }, 20);
  const ended = await child.ended.finally(() => clearInterval(guard));
  t.diagnostic(`${(ended.peakBytes / MiB).toFixed(0)} MiB resident at most, ${ended.seconds.toFixed(1)} s`);
  assert.ok(ended.peakBytes < limit, `${(ended.peakBytes / MiB).toFixed(0)} MiB`);
  return { ended, report: documentOf<RestoreReport>(ended), into };
}

function residentBytes(pid: number): number {
  try {
    const [, kibibytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}

const hello = Buffer.from('hello');

for (const [name, codec, encoded] of [
  ['zstd', 1, () => zstdCompressSync(Buffer.alloc(256 * MiB))],
  ['gzip', 2, () => gzipSync(Buffer.alloc(256 * MiB))],
] as const) {
  test(`a ${name} frame of 256 MiB that says it has 5 bytes`, async (t) => {
    const [refs = []] = crafted.pack([{ chunks: [{ bytes: hello }], codec, encoded: encoded() }]);
    const { report } = await restored(t, crafted.tree([[folder(''), file('bomb', refs)]]));
    assert.deepEqual(
      [report.verdict, report.skipped.map(({ failure }) => failure.code)],
      ['incomplete', ['FRAME_DAMAGED']],
    );
  });
}

test('a list of chunks that is 32 GiB long', async (t) => {
  const [small] = crafted.chunks(hello);
  const [list] = crafted.chunks(listOf(Array<ChunkRef>(900_000).fill(small as ChunkRef)));
  const { 9: _, ...entry } = file('bomb', []);
  const lists = listOf(Array<ChunkRef>(1024).fill(list as ChunkRef));
  const { report } = await restored(t, crafted.tree([[folder(''), { ...entry, 8: MiB, 10: lists }]]));
  assert.deepEqual(
    [report.verdict, report.skipped.map(({ failure }) => failure.code)],
    ['incomplete', ['OBJECT_DAMAGED']],
  );
});

test('32 pages of 32 MiB of zeros', async (t) => {
  const [page] = crafted.chunks(new Uint8Array(FRAME));
  const pages = Array.from({ length: 32 }, (_, i) => [
    page?.id ?? null,
    page?.length ?? null,
    Buffer.from(i === 0 ? '' : `${1000 + i}`),
  ]);
  const { report } = await restored(t, crafted.snapshot({ pages }));
  assert.equal(report.failure?.code, 'OBJECT_DAMAGED');
});

test('folders and links with attributes of 15 MiB each, 24 of them', async (t) => {
  const heavy = { 7: { 'user.heavy': new Uint8Array(15 * MiB) } };
  const pages = Array.from({ length: 24 }, (_, i) => {
    const name = `${100 + i}`;
    return [{ ...(i % 2 === 0 ? folder(name) : symlink(name, 'nowhere')), ...heavy }];
  });
  const { report } = await restored(t, crafted.tree([[folder('')], ...pages]), 1.25 * LIMIT);
  assert.equal(report.failure?.code, 'OBJECT_DAMAGED');
});

/** A Zstandard frame of `first`, a few bytes, and zeros up to 32 MiB: RFC 8878, blocks that are one byte over and over. */
function mostlyZeros(first: Uint8Array): Uint8Array {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 2]);
  const block = (type: number, size: number, last = 0) =>
    Buffer.from([((size << 3) | (type << 1) | last) & 255, (size >> 5) & 255, size >> 13]);
  const zeros: Uint8Array[] = [];
  for (let left = FRAME - first.length; left > 0; left -= 2 ** 17) {
    const size = Math.min(left, 2 ** 17);
    zeros.push(block(1, size, left === size ? 1 : 0), Uint8Array.of(0));
  }
  return Buffer.concat([header, block(0, first.length), first, ...zeros]);
}

test('a file of 24 bytes that lie in as many frames of 32 MiB', async (t) => {
  const rest = new Uint8Array(FRAME - 1);
  const id = crafted.idOf(rest);
  const bytes = Array.from({ length: 24 }, (_, i) => Uint8Array.of(i));
  const frames = bytes.map((one) => ({
    chunks: [{ bytes: one }, { bytes: new Uint8Array(), id, length: rest.length }],
    encoded: mostlyZeros(one),
  }));
  const refs = crafted.pack(frames).map(([small]) => small as ChunkRef);
  // All of them at once would be twice as much.
  const { into, ended } = await restored(t, crafted.tree([[folder(''), file('bomb', refs)]]), 1.25 * LIMIT);
  assertExit(ended, 0);
  assert.deepEqual(readFileSync(join(into, 'bomb')), Buffer.concat(bytes));
});

test('a page of 300,000 entries', async (t) => {
  const entries = Array.from({ length: 300_000 }, (_, i) => file(`${1_000_000 + i}`, []));
  const { report } = await restored(t, crafted.tree([[folder('')], entries]), LIMIT, ['--dry-run']);
  assert.equal(report.verdict, 'planned', `${report.failure?.message}`);
});

test('a header of 60 million empty lists keeps nobody from reading the others', async (t) => {
  const facts = Buffer.alloc(5 + 60_000_000, 0x80);
  facts[0] = 0x9a;
  facts.writeUInt32BE(60_000_000, 1);
  crafted.snapshot({ pages: [], facts });
  const { report, into } = await restored(t, honest, 1.25 * LIMIT);
  assert.deepEqual([report.verdict, report.problems.map(({ code }) => code)], ['ok', ['OBJECT_DAMAGED']]);
  assert.equal(readFileSync(join(into, 'folder/file'), 'utf8'), 'honest');
});
