import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { checkKey, parseCheckKey } from './check-key.ts';
import { type CheckRecord, decodeCheck, encodeCheck, isWhole } from './check-record.ts';
import type { Value } from './encoding.ts';
import { signObject } from './keys/signed-object.ts';
import { signerFrom } from './keys/signing.ts';
import { refusal } from './refusal.ts';

const repository = '11'.repeat(16);
const writer = '22'.repeat(16);
const signer = signerFrom(Buffer.alloc(32, 1));
const other = signerFrom(Buffer.alloc(32, 2));
const pack = `packs/${'33'.repeat(16)}/ab/${'ab'.repeat(32)}`;

const check: CheckRecord = {
  repository,
  writer,
  target: 'nas',
  level: 'decrypt',
  source: '',
  begun: '2026-11-20T01:02:03.004Z',
  ended: '2026-11-20T01:12:03.004Z',
  budget: { share: 0.05, maxMs: 600_000 },
  snapshots: 12,
  restored: 0,
  coverage: [
    { level: 'checksum', read: 2, readBytes: 200, objects: 40, bytes: 4000 },
    { level: 'decrypt', read: 1, readBytes: 100, objects: 20, bytes: 2000 },
  ],
  findings: [
    { code: 'FRAMES_MISSING', count: 1 },
    { code: 'PACK_DAMAGED', count: 2 },
  ],
  damaged: [pack],
  verdict: 'damaged',
  agent: '0.1.0',
};

const read = (bytes: Uint8Array, key: string, publicKey = signer.publicKey, of = repository) =>
  decodeCheck(bytes, { key, publicKey, repository: of });

/** The object as somebody with the key of the writer could have made it, with other fields, under its own name. */
function made(fields: { [name: string]: Value | undefined }, ended = check.ended): { key: string; bytes: Uint8Array } {
  const value: { [name: string]: Value | undefined } = {
    ...check,
    budget: { share: 50_000, time: 600_000 },
    coverage: check.coverage.map((one) => ({ ...one })),
    findings: check.findings.map((one) => ({ ...one })),
    damaged: [pack],
    ...fields,
  };
  const known = Object.entries(value).filter((entry): entry is [string, Value] => entry[1] !== undefined);
  return named(signObject('check', Object.fromEntries(known), signer), ended);
}

function named(bytes: Uint8Array, ended = check.ended): { key: string; bytes: Uint8Array } {
  const name = createHash('sha256').update(bytes).digest('hex');
  return { key: checkKey({ writer, ended, name }), bytes };
}

test('a record is read back as it was, under the time it ended and its own hash', () => {
  const { key, bytes } = encodeCheck(check, signer);
  assert.match(key, /^checks\/(22){16}\/20261120t011203004z-[0-9a-f]{64}$/);
  assert.deepEqual(read(bytes, key), check);
  const plain = made({});
  assert.deepEqual(read(plain.bytes, plain.key), check, 'the helper of this test makes the same');
  assert.deepEqual(parseCheckKey(key), { writer, ended: check.ended, name: key.slice(-64) });
});

test('keys are listed in the order of their times, and what is no key is not parsed', () => {
  const ended = ['2026-01-02T03:04:05.006Z', '2026-01-02T03:04:05.007Z', '2026-01-10T00:00:00.000Z'];
  const keys = ended.map((one, i) => checkKey({ writer, ended: one, name: String(9 - i).repeat(64) }));
  assert.deepEqual(keys.toSorted(), keys);
  const [key = ''] = keys;
  for (const bad of [
    `${key}\n`,
    key.toUpperCase(),
    key.slice(0, -1),
    key.replace('t', 'x'),
    key.replace('checks', 'check'),
    // No day, hour, minute or second of that number.
    ...['00000102', '20261302', '20260002', '20260230', '20260100'].map((day) => key.replace('20260102', day)),
    ...['t24', 't25'].map((hours) => key.replace('t03', hours)),
    ...['t0360', 't030461'].map((time) => key.replace('t030405'.slice(0, time.length), time)),
  ])
    assert.equal(parseCheckKey(bad), undefined);
  for (const bad of ['+012026-01-02T03:04:05.006Z', '2026-13-02T03:04:05.006Z', '../../etc', ''])
    assert.throws(() => checkKey({ writer, ended: bad, name: 'ab'.repeat(32) }), refusal('KEY_INVALID'));
});

test('what is not as its writer signed it is refused', () => {
  const { key, bytes } = encodeCheck(check, signer);
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Uint8Array.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    // Under the old name, and as a forger would: under its own.
    assert.throws(() => read(flipped, key), refusal('OBJECT_DAMAGED', 'FORMAT_NEWER'), `byte ${at}`);
    const forged = named(flipped);
    const codes = ['SIGNATURE_INVALID', 'OBJECT_DAMAGED', 'FORMAT_NEWER'];
    assert.throws(() => read(forged.bytes, forged.key), refusal(...codes), `byte ${at}`);
  }
  const stranger = encodeCheck(check, other);
  assert.throws(() => read(stranger.bytes, stranger.key), refusal('SIGNATURE_INVALID'));
  for (const length of [0, 7, 8, 71, bytes.length - 1])
    assert.throws(() => read(bytes.subarray(0, length), key), refusal('OBJECT_DAMAGED'), `${length} bytes`);
});

test('what is newer, of another repository, writer or time is refused', () => {
  const { key, bytes } = encodeCheck(check, signer);
  const newer = Uint8Array.from(bytes);
  newer[5] = 2;
  const renamed = named(newer);
  assert.throws(() => read(renamed.bytes, renamed.key), refusal('FORMAT_NEWER'));
  assert.throws(() => read(bytes, key, signer.publicKey, '44'.repeat(16)), refusal('OBJECT_DAMAGED'));
  const foreign = key.replace(writer, '55'.repeat(16));
  assert.throws(() => read(bytes, foreign), refusal('OBJECT_DAMAGED'));
  const earlier = key.replace('011203004z', '011203005z');
  assert.throws(() => read(bytes, earlier), refusal('OBJECT_DAMAGED'));
  assert.throws(() => read(bytes, `removals/${writer}/0000000001-${'ab'.repeat(32)}`), refusal('OBJECT_DAMAGED'));
});

test('what its writer signed and makes no sense is refused', () => {
  const all = { level: 'checksum', read: 1, readBytes: 1, objects: 1, bytes: 1 };
  const bad: Record<string, { [name: string]: Value | undefined }> = {
    'a field too many': { more: 1 },
    'a field too few': { source: undefined },
    'a level that is not known': { level: 'guess' },
    'a verdict that is not known': { verdict: 'cancelled' },
    'a verdict that its findings contradict': { verdict: 'ok' },
    'damage without findings': { findings: [], damaged: [] },
    'findings out of order': { findings: [...check.findings].reverse().map((one) => ({ ...one })) },
    'a code twice': { findings: [1, 2].map((count) => ({ code: 'PACK_DAMAGED', count })) },
    'findings that are none': { findings: [{ code: 'PACK_DAMAGED', count: 0 }] },
    'more named than found': { damaged: [pack, pack, pack, pack] },
    'more than a hundred named': { findings: [{ code: 'A', count: 200 }], damaged: Array(101).fill('packs') },
    'a name that is no text': { damaged: [1] },
    'a share of nothing': { budget: { share: 0, time: 0 } },
    'a share of more than all': { budget: { share: 1_000_001, time: 0 } },
    'a budget with a field too many': { budget: { share: 1, time: 0, more: 0 } },
    'a part with a field too many': { coverage: [{ ...all, more: 0 }] },
    'a part of a level that reads nothing': { coverage: [{ ...all, level: 'list' }] },
    'more read than there was': { coverage: [{ ...all, read: 2 }] },
    'more bytes read than there were': { coverage: [{ ...all, readBytes: 2 }] },
    'one level twice': { coverage: [all, all] },
    'a part deeper than its level': { level: 'checksum' },
    'more than a check has': { agent: 'x'.repeat(70_000) },
    'a time that is none': { begun: '2026-11-20' },
  };
  for (const [what, fields] of Object.entries(bad)) {
    const { key, bytes } = made(fields);
    assert.throws(() => read(bytes, key), refusal('OBJECT_DAMAGED'), what);
  }
});

test('whole is what looked at all there was', () => {
  const whole = { ...check, budget: { share: 1, maxMs: 600_000 }, coverage: [] };
  const [part] = check.coverage;
  assert.ok(isWhole(whole));
  assert.ok(!isWhole({ ...whole, source: 'files' }));
  assert.ok(!isWhole({ ...whole, budget: { share: 0.5, maxMs: 0 } }));
  assert.ok(part && !isWhole({ ...whole, coverage: [part] }), 'the time was over before all was read');
});
