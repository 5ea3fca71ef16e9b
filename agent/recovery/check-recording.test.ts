import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, noise, TestRepository } from '../engine/repository.fixture.ts';
import { type CheckRecord, encodeCheck } from '../repository/check-record.ts';
import { loadChecks, type StoredCheck } from '../repository/checks.ts';
import { type HostKeys, loadHostKeys, newHostKeys } from '../repository/keys/host-keys.ts';
import { HOST_KEYS_FILE } from '../repository/keys/key-file.ts';
import { generateSigner } from '../repository/keys/signing.ts';
import { repair, verify } from './reading.fixture.ts';

const recipient = await makeRecipient();

/** As many packs as there are snapshots, of one file more each. */
async function filled(targets = 2, snapshots = 3) {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient, targets });
  const data = join(r.folder, 'data');
  await mkdir(data);
  const source = r.files({ paths: [data] });
  for (let i = 0; i < snapshots; i++) {
    await writeFile(join(data, `secret-name-${i}`), noise(i, 20_000));
    assert.equal((await r.run({ source })).verdict, 'ok');
  }
  return Object.assign(r, { sources: { files: source } });
}

async function load(r: TestRepository, target = 'target-0') {
  await using store = await r.openStore();
  const found = store.targets.find(({ name }) => name === target) ?? assert.fail(`no ${target}`);
  return await loadChecks(found, await r.writers(store), 30);
}

async function only(r: TestRepository, target?: string): Promise<StoredCheck> {
  const { checks, problems } = await load(r, target);
  assert.deepEqual(problems, []);
  assert.equal(checks.length, 1);
  return checks[0] ?? assert.fail();
}

async function ownKeys(r: TestRepository): Promise<HostKeys> {
  return (await loadHostKeys(r.stateFolder)) ?? assert.fail('no keys');
}

async function put(r: TestRepository, key: string, bytes: Uint8Array, target = 'target-0'): Promise<void> {
  await mkdir(dirname(r.path(key, target)), { recursive: true });
  await writeFile(r.path(key, target), bytes);
}

test('what a verification came to lies signed on each target, of each what it came to there', async () => {
  await using r = await filled();
  const [pack = ''] = await r.keys('packs/', 'target-1');
  await r.flip(pack, 100, 'target-1');
  r.clock = new Date('2026-11-20T01:02:03.004Z');
  const report = await verify(r, 'checksum', { record: true });
  assert.deepEqual([report.verdict, report.recorded, report.problems], ['damaged', ['target-0', 'target-1'], []]);
  const whole = (await only(r)).check;
  const { coverage, ...rest } = whole;
  const own = await ownKeys(r);
  assert.deepEqual(rest, {
    ...{ repository: own.repository, writer: own.writer, target: 'target-0', level: 'checksum', source: '' },
    ...{ begun: '2026-11-20T01:02:03.004Z', ended: '2026-11-20T01:02:03.004Z', budget: { share: 1, maxMs: 0 } },
    ...{ snapshots: 3, restored: 0, findings: [], damaged: [], verdict: 'ok', agent: '0.0.0' },
  });
  const [part] = coverage;
  assert.deepEqual([coverage.length, part?.level, part?.read, part?.objects], [1, 'checksum', 6, 6]);
  assert.equal(part?.readBytes, part?.bytes);
  const other = (await only(r, 'target-1')).check;
  assert.deepEqual(
    [other.verdict, other.findings, other.damaged, other.target],
    ['damaged', [{ code: 'PACK_DAMAGED', count: 1 }], [pack], 'target-1'],
  );
});

test('nothing is recorded unless it is asked for, where a host has no keys, or when it does not come to an end', async () => {
  await using r = await filled(1);
  const unasked = await verify(r, 'list');
  assert.equal(unasked.recorded, undefined);
  const failed = await verify(r, 'decrypt', { record: true, identity: () => assert.fail('no key is at hand') });
  assert.deepEqual([failed.verdict, failed.recorded], ['failed', undefined]);
  await rename(join(r.stateFolder, HOST_KEYS_FILE), join(r.folder, 'away'));
  const keyless = await verify(r, 'list', { record: true });
  assert.deepEqual([keyless.verdict, keyless.recorded], ['ok', []]);
  assert.deepEqual(await r.keys('checks/'), []);
});

test('a target that takes no record changes no verdict, and is named', async () => {
  await using r = await filled();
  r.hooks.put = (target, key) => {
    if (target === 'target-0' && key.startsWith('checks/')) throw new Error('read-only file system');
  };
  const report = await verify(r, 'checksum', { record: true });
  assert.deepEqual([report.verdict, report.recorded, report.failure], ['ok', ['target-1'], undefined]);
  const [problem, ...more] = report.problems;
  assert.deepEqual([problem?.code, more], ['CHECK_NOT_RECORDED', []]);
  assert.match(problem?.message ?? '', /target-0.*read-only file system/);
});

test('a record that everybody with the storage can read names no file', async () => {
  await using r = await filled(1);
  // What was restored is spoilt before it is compared: the finding names the file.
  const spoil = async () => {
    const [folder = ''] = (await r.keys('', 'state/scratch')).filter((key) => key.endsWith('secret-name-1'));
    if (folder !== '') await writeFile(join(r.folder, 'state/scratch', folder), 'spoilt');
  };
  await mkdir(join(r.stateFolder, 'scratch'), { recursive: true });
  r.hooks.close = spoil;
  const report = await verify(r, 'restore', { record: true, sources: r.sources });
  assert.equal(report.verdict, 'damaged');
  assert.ok(
    report.findings.some(({ object }) => object.includes('secret-name-1')),
    'the finding itself says it',
  );
  const { key, check } = await only(r);
  assert.equal(check.verdict, 'damaged');
  assert.equal(check.restored > 0, true);
  assert.ok(!(await readFile(r.path(key))).includes('secret-name'));
});

test('what nobody that is trusted signed for this target is named, and not believed', async () => {
  await using r = await filled();
  await verify(r, 'list', { record: true });
  const { key, check } = await only(r);
  const own = await ownKeys(r);
  const at = (day: number) => ({ ...check, ended: `2027-01-0${day}T00:00:00.000Z` });
  const put1 = async ({ key, bytes }: { key: string; bytes: Uint8Array }, target?: string) => {
    await put(r, key, bytes, target);
    return key;
  };
  const forged = await put1(encodeCheck(at(1), generateSigner()));
  const stranger = newHostKeys(own.repository);
  await put1(encodeCheck({ ...at(2), writer: stranger.writer }, stranger.signer));
  const foreign = await put1(encodeCheck({ ...at(3), repository: '00'.repeat(16) }, own.signer));
  const large = key.replace(/\d{8}t\d{9}z/, '20270104t000000000z');
  await put(r, large, randomBytes(70_000));
  const garbage = key.replace(/\d{8}t\d{9}z/, '20270105t000000000z');
  await put(r, garbage, randomBytes(100));
  await mkdir(dirname(r.path(key, 'target-1')), { recursive: true });
  await cp(r.path(key), r.path(key, 'target-1'));
  const { checks, problems } = await load(r);
  assert.deepEqual(
    checks.map((one) => one.key),
    [key],
  );
  assert.deepEqual(
    problems.map(({ object, failure }) => [object, failure.code]).sort(),
    [
      [forged, 'SIGNATURE_INVALID'],
      [foreign, 'OBJECT_DAMAGED'],
      [large, 'OBJECT_DAMAGED'],
      [garbage, 'OBJECT_DAMAGED'],
      [`checks/${stranger.writer}/`, 'WRITER_UNAPPROVED'],
    ].sort(),
  );
  const copied = await load(r, 'target-1');
  assert.deepEqual(
    copied.checks.map((one) => one.check.target),
    ['target-1'],
  );
  assert.deepEqual(
    copied.problems.map(({ object, failure }) => [object, failure.code]),
    [[key, 'CHECK_ELSEWHERE']],
  );
});

test('a forger can neither hide what was recorded nor keep it from being recorded', async () => {
  await using r = await filled(1);
  await verify(r, 'list', { record: true });
  const { key, check } = await only(r);
  const forger = generateSigner();
  for (let i = 0; i < 40; i++) {
    const { key, bytes } = encodeCheck({ ...check, ended: `9999-12-31T23:59:59.0${i + 10}Z` }, forger);
    await put(r, key, bytes);
  }
  const report = await verify(r, 'list', { record: true });
  assert.deepEqual([report.recorded, report.problems], [['target-0'], []]);
  const { checks, problems } = await load(r);
  assert.deepEqual([checks.length, checks.some((one) => one.key === key), problems.length], [2, true, 40]);
});

test('behind many records that are not believed, older good ones are said to be there, and shown once those are moved away', async () => {
  await using r = await filled(1);
  await verify(r, 'list', { record: true });
  const { key } = await only(r);
  await Promise.all(
    Array.from({ length: 1_100 }, async (_, i) =>
      put(r, key.replace(/\d{8}t\d{9}z/, `2099010${1 + (i % 9)}t${String(i).padStart(9, '0')}z`), noise(i, 64)),
    ),
  );
  const { checks, problems } = await load(r);
  assert.deepEqual([checks, problems.length], [[], 101]);
  const { object, target, failure } = problems.at(-1) ?? assert.fail();
  assert.deepEqual([object, target, failure.code], [key.slice(0, 40), 'target-0', 'CHECKS_UNREAD']);
  assert.match(failure.message, /^1001 older records .* on target target-0 .* 100 newer ones/);
  assert.match(failure.hint ?? '', /holdfast repair/);
  const report = await verify(r, 'checksum');
  assert.ok(report.findings.some((one) => one.failure.code === 'CHECKS_UNREAD' && one.target === 'target-0'));
  const { verdict } = await repair(r);
  assert.equal(verdict, 'ok');
  assert.deepEqual([(await only(r)).key, (await load(r)).problems], [key, []]);
});

test('a sample is decrypted from each target, comes round to all packs, and finds what one target has damaged', async () => {
  await using r = await filled(2, 4);
  const budget = { share: 0.01 };
  const decrypt = () => verify(r, 'decrypt', { budget, record: true });
  for (let round = 3; round >= 0; round--) {
    const { verdict, coverage = [], notes } = await decrypt();
    assert.equal(verdict, 'ok');
    const opened = coverage.filter(({ level }) => level === 'decrypt');
    assert.deepEqual(
      opened.map(({ target, read, objects, never }) => [target, read, objects, never]),
      [
        ['target-0', 1, 4, round],
        ['target-1', 1, 4, round],
      ],
    );
    assert.match(notes.join(), /no tree was read through/);
  }
  const { check } = (await load(r)).checks[0] ?? assert.fail();
  const { budget: kept, coverage }: CheckRecord = check;
  assert.deepEqual(kept, { share: 0.01, maxMs: 0 });
  assert.deepEqual(
    coverage.map(({ level, read }) => [level, read]),
    [
      ['checksum', 1],
      ['decrypt', 1],
    ],
  );
  const [pack = ''] = await r.keys('packs/', 'target-1');
  await r.flip(pack, 40, 'target-1');
  let found = await decrypt();
  for (let i = 0; i < 8 && found.findings.every(({ level }) => level !== 'decrypt'); i++) found = await decrypt();
  const findings = found.findings.filter(({ level }) => level === 'decrypt');
  assert.deepEqual(
    findings.map(({ target, object, failure }) => [target, object.startsWith(pack), failure.code]),
    [['target-1', true, 'FRAME_DAMAGED']],
  );
  assert.ok((findings[0]?.snapshots.length ?? 0) > 0, 'whom it affects');
});

test('what was decrypted whole is not what a sample begins with, and a source alone is remembered apart', async () => {
  await using r = await filled(2);
  assert.equal((await verify(r, 'decrypt')).verdict, 'ok');
  const never = async (source?: string) => {
    const report = await verify(r, 'decrypt', { budget: { share: 0.01 }, ...(source && { source }) });
    return (report.coverage ?? []).filter(({ level }) => level === 'decrypt').map((one) => one.never);
  };
  assert.deepEqual(await never(), [0, 0]);
  assert.deepEqual(await never('files'), [2, 2]);
});
