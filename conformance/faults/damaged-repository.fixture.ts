/** A repository of five snapshots, damaged and put back as often as a test likes, and what comes out of it. */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { mock } from 'node:test';
import { Catalog } from '../../agent/catalog/catalog.ts';
import { builtinPlugins } from '../../agent/cli/builtin.ts';
import type { SourceSpec } from '../../agent/config/policy.ts';
import { makeRecipient, TestRepository } from '../../agent/engine/repository.fixture.ts';
import { restore, verify } from '../../agent/recovery/reading.fixture.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { Level, VerifyReport } from '../../agent/recovery/verification.ts';
import { noise, sha256 } from '../kit/samples.ts';
import { kindOf, type ObjectKind } from './object-regions.ts';

// A thread costs as much to start as all that it does here.
mock.method(os, 'availableParallelism', () => 1);
syncBuiltinESMExports();

/** A snapshot as it was made: what must come back, or be named as lost. */
export interface Made {
  readonly source: SourceSpec;
  readonly id: string;
  readonly key: string;
  /** Contents by path. */
  readonly files: ReadonlyMap<string, string>;
  /** The objects that its run made. */
  readonly created: readonly string[];
}

export interface Damage {
  readonly kind: ObjectKind;
  readonly how: string;
  /** The object that is damaged. */
  readonly key: string;
  do(): Promise<void>;
}

const recipient = await makeRecipient();
/** What is damaged. */
export const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
/** Another repository, of the same recipient. */
export const other = await TestRepository.create({ plugins: builtinPlugins, recipient });
/** One with one snapshot, which is verified quickly. */
export const small = await TestRepository.create({ plugins: builtinPlugins, recipient });
const whole = join(r.folder, 'whole');
export const made: Made[] = [];

const JOBS = [
  { name: 'one', domain: 'tester/default' },
  { name: 'two', domain: 'tester/default' },
  { name: 'three', domain: 'tester/other' },
];

export function jobOf(repository: TestRepository, name: string) {
  const job = JOBS.find((one) => one.name === name) ?? assert.fail(name);
  return { ...job, source: repository.files({ paths: [join(repository.folder, 'data', name)] }, name) };
}

const RUNS = ['one', 'one', 'one', 'two', 'three'];

async function fill(repository: TestRepository, seed: number, runs = RUNS): Promise<void> {
  for (const [i, name] of runs.entries()) {
    const folder = join(repository.folder, 'data', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `file ${i}`), noise(seed + i, 3000 + 1000 * i));
    const before = repository.created.length;
    const job = jobOf(repository, name);
    const report = await repository.run(job);
    assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
    const { snapshot } = report;
    if (repository !== r || snapshot === undefined) continue;
    const created = repository.created.slice(before).map((line) => line.slice('target-0 '.length));
    made.push({ source: job.source, id: snapshot.id, key: snapshot.key, files: contents(folder), created });
  }
}

/** The SHA-256 of every file below a folder, by path; links and special files fail. */
function contents(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  if (!existsSync(folder)) return files;
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const stat = lstatSync(join(folder, name));
    if (stat.isFile()) files.set(name, sha256(readFileSync(join(folder, name))));
    else assert.ok(stat.isDirectory(), name);
  }
  return files;
}

export async function prepare(): Promise<void> {
  await fill(r, 100);
  await fill(other, 200);
  await fill(small, 300, ['one']);
  for (const repository of [r, other, small]) {
    // Two of them: one is to lie in the place of the other.
    for (const level of ['list', 'checksum'] as const) await verify(repository, level, { record: true });
  }
  await mkdir(whole);
  await cp(r.path(''), join(whole, 'target'), { recursive: true });
  r.engine.catalog[Symbol.dispose]();
  await cp(r.stateFolder, join(whole, 'state'), { recursive: true });
}

export async function dispose(): Promise<void> {
  for (const repository of [r, other, small]) await repository[Symbol.asyncDispose]();
}

let states = 0;

/** Puts repository and state back to what they were: nothing that a case did is known to the next. */
export async function reset(): Promise<void> {
  await rm(r.path(''), { recursive: true });
  await cp(join(whole, 'target'), r.path(''), { recursive: true });
  states += 1;
  const stateFolder = join(r.folder, `state-${states}`);
  await cp(join(whole, 'state'), stateFolder, { recursive: true });
  r.engine.catalog[Symbol.dispose]();
  const catalog = Catalog.open(stateFolder, (message) => r.warnings.push(message));
  Object.assign(r.engine, { stateFolder, catalog });
}

export async function replace(key: string, bytes: Uint8Array): Promise<void> {
  await rm(r.path(key), { force: true });
  await mkdir(dirname(r.path(key)), { recursive: true });
  await writeFile(r.path(key), bytes);
}

export const original = (key: string) => readFile(join(whole, 'target', key));

/** A damage by what becomes of the bytes. */
export function changed(key: string, how: string, change: (bytes: Buffer) => Uint8Array): Damage {
  return { kind: kindOf(key), how, key, do: async () => replace(key, change(await original(key))) };
}

export function flipped(at: number, bit: number) {
  return (bytes: Buffer): Buffer => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return bytes;
  };
}

export async function keysOf(kind: ObjectKind): Promise<string[]> {
  const root = join(whole, 'target');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((key) => !key.startsWith('tmp') && kindOf(key) === kind)
    .sort();
}

export function check(level: Level): Promise<VerifyReport> {
  return verify(r, level, { stored: r.engine.catalog.runs.lastStored() });
}

export interface Restored {
  readonly made: Made;
  readonly report: RestoreReport;
  readonly isWhole: boolean;
  readonly wrong: readonly string[];
  /** Files that are not there and that nothing was said about. */
  readonly silent: readonly string[];
}

export async function restored(one: Made, at = one.id, files = one.files): Promise<Restored> {
  const folder = join(r.folder, 'restored', one.source.name);
  await rm(folder, { recursive: true, force: true });
  const report = await restore(r, one.source, folder, { at });
  const found = contents(folder);
  const wrong = [...found].filter(([path, hash]) => files.get(path) !== hash).map(([path]) => path);
  const missing = [...files.keys()].filter((path) => !found.has(path));
  const said = new Set(report.skipped.map(({ what }) => what));
  const silent = report.failure === undefined ? missing.filter((path) => !said.has(path)) : [];
  if (report.verdict === 'ok' && missing.length > 0) silent.push(...missing);
  const isWhole = report.verdict === 'ok' && missing.length === 0 && wrong.length === 0;
  return { made: one, report, isWhole, wrong, silent };
}

/** On another machine, which has no keys of the host that wrote: it trusts whom a recipient approved. */
export async function elsewhere<T>(work: () => Promise<T>): Promise<T> {
  const { stateFolder } = r.engine;
  Object.assign(r.engine, { stateFolder: join(r.folder, 'no-state') });
  try {
    return await work();
  } finally {
    Object.assign(r.engine, { stateFolder });
  }
}
