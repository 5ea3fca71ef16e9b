import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { HoldfastError } from '../contract/index.ts';
import { Catalog } from './catalog.ts';

const generation = { domain: 'ab'.repeat(16), source: 'files', chunker: 'fastcdc' };
const begun = { job: 'files', source: 'app', domain: generation.domain, started: '2026-11-23T06:00:00.000Z' };
const module = JSON.stringify(new URL('catalog.ts', import.meta.url).href);

test('the file is 0600 in a folder that is 0700, its journal too', (t) => {
  const state = join(temporary(t), 'deep', 'state');
  using catalog = Catalog.open(state, assert.fail);
  catalog.runs.start(begun);
  assert.equal(statSync(state).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(state), ['catalog.sqlite', 'catalog.sqlite-shm', 'catalog.sqlite-wal']);
  for (const name of readdirSync(state)) assert.equal(statSync(join(state, name)).mode & 0o777, 0o600, name);
});

test('a file that others could read is closed to them', (t) => {
  const state = filled(t);
  chmodSync(file(state), 0o644);
  using _ = Catalog.open(state, assert.fail);
  assert.equal(statSync(file(state)).mode & 0o777, 0o600);
});

for (const [what, harm] of [
  ['overwritten with something else', (path: string) => writeFileSync(path, 'x'.repeat(8192))],
  ['cut short', (path: string) => truncateSync(path, 4096)],
  ['cut in its first page', (path: string) => truncateSync(path, 1000)],
] as const) {
  test(`a catalog that was ${what} is set aside and made anew`, (t) => {
    const state = filled(t);
    harm(file(state));
    const damaged = readFileSync(file(state));
    const warnings: string[] = [];
    using catalog = Catalog.open(state, (message) => warnings.push(message));
    // Damage may lie where only a read meets it.
    assert.equal(catalog.fileCache(generation).get(Buffer.from('src 1')), undefined);
    catalog.runs.start(begun);
    assert.equal(catalog.runs.list('files', 9).length, 1);
    assertSetAside(state, damaged, warnings);
  });
}

test('damage that is met in the middle of a commit costs the cache and nothing else', (t) => {
  const state = filled(t);
  const handle = openSync(file(state), 'r+');
  const pages = statSync(file(state)).size / 4096;
  for (let page = 1; page < pages; page++) writeSync(handle, Buffer.alloc(4096, 0xee), 0, 4096, page * 4096);
  const warnings: string[] = [];
  using catalog = Catalog.open(state, (message) => warnings.push(message));
  const cache = catalog.fileCache(generation);
  cache.replace(Buffer.from('new'), new Map());
  cache.commit(new Set(['new']));
  cache.replace(Buffer.from('newer'), new Map());
  cache.commit(new Set(['newer']));
  assert.equal(cache.get(Buffer.from('newer'))?.size, 0);
  assert.equal(warnings.length, 1);
});

test('a database of something else is set aside whole', (t) => {
  const state = temporary(t);
  {
    using foreign = new DatabaseSync(file(state));
    foreign.exec('PRAGMA user_version = 99; CREATE TABLE mine (x)');
  }
  const content = readFileSync(file(state));
  const warnings: string[] = [];
  using _ = Catalog.open(state, (message) => warnings.push(message));
  assertSetAside(state, content, warnings);
  assert.match(warnings[0] ?? '', /is not a catalog/);
});

test('an empty file is a new catalog', (t) => {
  const state = temporary(t);
  writeFileSync(file(state), '');
  using catalog = Catalog.open(state, assert.fail);
  assert.equal(catalog.runs.last('files'), undefined);
});

test('a newer schema is refused and left as it is', (t) => {
  const state = filled(t);
  {
    using newer = new DatabaseSync(file(state));
    newer.exec('PRAGMA user_version = 99');
  }
  assert.throws(
    () => Catalog.open(state, assert.fail),
    (error) => error instanceof HoldfastError && error.failure.code === 'CATALOG_NEWER' && /99/.test(error.message),
  );
  assert.deepEqual(
    readdirSync(state).filter((name) => name.includes('damaged')),
    [],
  );
});

test('a state folder that cannot be made is a failure in words', (t) => {
  const folder = temporary(t);
  writeFileSync(join(folder, 'file'), '');
  assert.throws(
    () => Catalog.open(join(folder, 'file', 'state'), assert.fail),
    (error) =>
      error instanceof HoldfastError && error.failure.code === 'CATALOG_UNUSABLE' && error.failure.origin === 'agent',
  );
});

test('closing twice is no error', (t) => {
  const catalog = Catalog.open(temporary(t), assert.fail);
  catalog[Symbol.dispose]();
  catalog[Symbol.dispose]();
  assert.throws(() => catalog.runs.last('files'), HoldfastError);
});

test('processes that open, read and write at once wait for each other', async (t) => {
  const state = temporary(t);
  const script = (n: number) => `
    const { Catalog } = await import(${module});
    for (let i = 0; i < 10; i++) {
      using catalog = Catalog.open(${JSON.stringify(state)}, (message) => { throw new Error(message); });
      const run = catalog.runs.start({ ...${JSON.stringify(begun)}, job: 'job ${n}' });
      const cache = catalog.fileCache({ ...${JSON.stringify(generation)}, source: 'source ${n}' });
      for (let j = 0; j < 20; j++) cache.replace(Buffer.from('folder ' + i + ' ' + j), new Map());
      cache.commit(new Set(Array.from({ length: 20 }, (_, j) => 'folder ' + i + ' ' + j)));
      catalog.runs.finish(run, { finished: '', verdict: 'ok', traceId: '', counters: i });
    }`;
  const processes = [1, 2, 3].map((n) => promisify(execFile)(process.execPath, evaluating(script(n))));
  for (const { stderr } of await Promise.all(processes)) assert.equal(stderr, '');
  using catalog = Catalog.open(state, assert.fail);
  for (const n of [1, 2, 3]) {
    assert.deepEqual(
      catalog.runs.list(`job ${n}`, 99).map((run) => run.counters),
      [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    );
    const cache = catalog.fileCache({ ...generation, source: `source ${n}` });
    assert.equal(cache.get(Buffer.from('folder 9 19'))?.size, 0);
    assert.equal(cache.get(Buffer.from('folder 8 19')), undefined);
  }
});

test('processes that make a new catalog at once make one', async (t) => {
  const folder = temporary(t);
  // Each folder is entered by all of them together, as near as a turn at a shared counter can bring it.
  const script = `
    const { Catalog } = await import(${module});
    const { appendFileSync, statSync } = await import('node:fs');
    for (let i = 0; i < 30; i++) {
      const door = ${JSON.stringify(folder)} + '/door ' + i;
      appendFileSync(door, '.');
      while (statSync(door).size < 3);
      Catalog.open(${JSON.stringify(folder)} + '/state ' + i, (message) => { throw new Error(message); })[Symbol.dispose]();
    }`;
  const processes = [1, 2, 3].map(() => promisify(execFile)(process.execPath, evaluating(script)));
  for (const { stderr } of await Promise.all(processes)) assert.equal(stderr, '');
});

test('opening prints no warning of Node, and other warnings still pass', (t) => {
  const script = `
    const { Catalog } = await import(${module});
    Catalog.open(${JSON.stringify(temporary(t))}, console.error)[Symbol.dispose]();
    process.emitWarning('still heard', 'ExperimentalWarning');`;
  const { stderr, status } = spawnSync(process.execPath, evaluating(script), { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /still heard/);
  assert.doesNotMatch(stderr, /SQLite/);
});

function assertSetAside(state: string, content: Buffer, warnings: string[]): void {
  const aside = readdirSync(state).filter((name) => /^catalog\.sqlite\.damaged-[^-]*-?[\dTZ-]*$/.test(name));
  assert.equal(aside.length, 1);
  assert.deepEqual(readFileSync(join(state, aside[0] ?? '')), content);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /set aside/);
  assert.ok(existsSync(file(state)));
}

/** A state folder whose catalog holds a run and enough folders to fill many pages. */
function filled(t: TestContext): string {
  const state = temporary(t);
  using catalog = Catalog.open(state, assert.fail);
  catalog.runs.finish(catalog.runs.start(begun), { finished: '', verdict: 'ok', traceId: '', counters: {} });
  const cache = catalog.fileCache(generation);
  const paths = Array.from({ length: 50 }, (_, n) => `src ${n}`);
  const files = new Map([
    ['a', { size: 1, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, device: 0n, plainFor: 0, chunks: new Uint8Array(3600) }],
  ]);
  for (const path of paths) cache.replace(Buffer.from(path), files);
  cache.commit(new Set(paths));
  return state;
}

function evaluating(script: string): string[] {
  return [...process.execArgv, '--input-type=module', '--eval', script];
}

function file(state: string): string {
  return join(state, 'catalog.sqlite');
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-catalog-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
