import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Masking } from './masking.ts';
import type { ColumnRule } from './rules.ts';

const ROWS = 50_000;
const TYPES = {
  aid: 'integer',
  bid: 'integer',
  abalance: 'integer',
  holder: 'text',
  email: 'text',
  phone: 'text',
  city: 'text',
  opened: 'timestamp with time zone',
  note: 'text',
  filler: 'character(84)',
};

function row(i: number): string {
  const balance = ((i * 7919) % 100_000) - 50_000;
  const opened = `2024-0${1 + (i % 9)}-1${i % 10} 12:00:0${i % 10}.25+00`;
  return `${1_234_567 + i}\t${i % 97}\t${balance}\tName Surname${i}\tperson.${i}@example.com\t+49 170 ${1_000_000 + i}\tHamburg\t${opened}\tA note of no great length ${i}\t${' '.repeat(84)}\n`;
}

const data = Buffer.from(Array.from({ length: ROWS }, (_, i) => row(i)).join(''));

/** Masks the rows, in pieces as a repository gives them; MB and rows a second of processor time. */
async function measure(columns: Readonly<Record<string, ColumnRule>>): Promise<string> {
  const table = Object.entries(TYPES).map(([name, type]) => ({ name, type, nullable: true }));
  const masking = Masking.open({ rules: [{ table: 'accounts', columns }] }, Buffer.alloc(32, 9));
  const mask = masking.forTable({ database: 'bench', schema: 'public', table: 'accounts', columns: table });
  async function* pieces() {
    for (let at = 0; at < data.length; at += 1 << 16) yield data.subarray(at, at + (1 << 16));
  }
  const before = process.cpuUsage();
  let bytes = 0;
  for await (const part of mask?.apply(pieces()) ?? []) bytes += part.length;
  const { user, system } = process.cpuUsage(before);
  assert.ok(bytes > ROWS);
  for (const { values, same } of mask?.masked ?? []) assert.equal(values + same, ROWS);
  const seconds = (user + system) / 1e6;
  return `${(data.length / 1e6 / seconds).toFixed(0)} MB/s, ${Math.round(ROWS / seconds).toLocaleString('en')} rows/s`;
}

test('how fast it is, of ten columns one masked', async (t) => {
  await measure({ email: { with: 'fake' }, aid: { with: 'fake' }, opened: { with: 'fake' } });
  t.diagnostic(`null: ${await measure({ note: { with: 'null' } })}`);
  t.diagnostic(`hash of text: ${await measure({ email: { with: 'hash' } })}`);
  for (const column of ['aid', 'email', 'phone', 'holder', 'opened'])
    t.diagnostic(`fake of ${column}: ${await measure({ [column]: { with: 'fake' } })}`);
});
