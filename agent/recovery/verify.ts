import { type Failure, fail, failureOf } from '../contract/index.ts';
import type { Engine } from '../engine/opening.ts';
import { openReading, type RepositoryReading } from '../engine/repository-reading.ts';
import { unapprovedHost } from '../engine/run-keys.ts';
import { Stopwatch } from '../engine/stopwatch.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { approvalPrefix, parsePackKey } from '../repository/layout.ts';
import { failUnknownSource, listSnapshots, type SnapshotListing, unapprovedWriters } from '../repository/snapshots.ts';
import { vanishedSnapshots } from '../repository/stored-last.ts';
import type { Writers } from '../repository/writers.ts';
import { AffectedPaths } from './affected-paths.ts';
import { checkContents } from './check-contents.ts';
import { checkDigests } from './check-digests.ts';
import { checkEarlier } from './check-earlier.ts';
import { checkListing } from './check-listing.ts';
import { checkPassedOver } from './check-passed-over.ts';
import { checkPruningRecords } from './check-pruning-records.ts';
import { recordVerification } from './check-recording.ts';
import { checkRestores } from './check-restores.ts';
import { checkSample } from './check-sample.ts';
import { newerElsewhere } from './newer-elsewhere.ts';
import { PackNeeds } from './pack-needs.ts';
import type { PassedOver } from './passed-over.ts';
import { tellVerify } from './recovery-telemetry.ts';
import {
  LEVELS,
  type Verification,
  type VerifyFinding,
  type VerifyOptions,
  type VerifyReport,
} from './verification.ts';
import { type Coverage, TimeShares } from './verify-budget.ts';

/**
 * Checks that backups can be restored, as deep as `level` says. Changes nothing of them; what it came to is recorded beside them where
 * that is asked for. Never throws for what it may find.
 */
export async function verifyRepository(engine: Engine, options: VerifyOptions): Promise<VerifyReport> {
  const trace = engine.telemetry.run('verify', { 'holdfast.verify.level': options.level });
  const watch = new Stopwatch(trace.root);
  const startedAt = performance.now();
  const begun = engine.now();
  const findings: VerifyFinding[] = [];
  const notes: string[] = [];
  const passedOver: PassedOver[] = [];
  const affected = new AffectedPaths();
  const coverage: Coverage[] = [];
  const problems: Failure[] = [];
  const checked = { snapshots: 0, packs: 0, indexes: 0, frames: 0, bytes: 0, restored: 0 };
  let failure: Failure | undefined;
  let recorded: readonly string[] | undefined;
  try {
    const loan = { engine, span: watch.phase('open'), signal: options.signal };
    await using repository = await openReading(options, loan);
    const { store, writers, host, unavailable, unreadable } = repository;
    const find = (finding: VerifyFinding) => void findings.push(finding);
    for (const { target, failure } of unavailable)
      find({ level: 'list', target, object: target, failure, snapshots: [] });
    for (const problem of repository.problems) find({ level: 'list', ...problem, snapshots: [] });
    const listing = await listSnapshots(store, writers);
    refuseUnknownSource(listing, writers, options.source);
    notes.push(
      ...[...unreadable, ...unapprovedWriters(listing, writers, options.source)].map(({ message }) => message),
      ...unapprovedHere(repository),
    );
    const { stored: known = [], source } = options;
    problems.push(...(await newerElsewhere({ reading: options, repository, listing, stored: known, source }, loan)));
    const stored = unavailable.length === 0 && options.others === undefined ? known : [];
    for (const { object, failure, hash } of vanishedSnapshots(stored, host?.writer, listing))
      find({ level: 'list', object, failure, snapshots: [hash.slice(0, 8)] });
    const needs = new PackNeeds();
    const incomplete = new Set<string>();
    const shared = {
      engine,
      options,
      store,
      writers,
      listing,
      checked,
      notes,
      passedOver,
      coverage,
      findings,
      needs,
      affected,
      incomplete,
      find,
    };
    const verification = { ...shared, repository: repository.id };
    await carryOut(verification, host, watch);
    if (options.record === true) {
      watch.phase('record');
      const { targets, problems: unrecorded } = await recordVerification(verification, { host, begun });
      recorded = targets;
      problems.push(...unrecorded);
    }
  } catch (error) {
    failure = failureOf(error, { code: 'VERIFY_FAILED', origin: 'agent' });
  }
  watch.end(failure?.code);
  const ended = findings.length > 0 ? 'damaged' : 'ok';
  const verdict = failure === undefined ? ended : failure.code === 'CANCELLED' ? 'cancelled' : 'failed';
  trace.root.set({ 'holdfast.verify.verdict': verdict, 'holdfast.verify.findings': findings.length });
  const report: VerifyReport = {
    verdict,
    level: options.level,
    traceId: trace.traceId,
    durationMs: performance.now() - startedAt,
    phases: watch.phases,
    checked,
    ...(options.budget === undefined ? {} : { coverage }),
    findings: findings.map((finding) => withPaths(finding, affected)),
    notes,
    passedOver,
    problems,
    ...(recorded === undefined ? {} : { recorded }),
    ...(failure === undefined ? {} : { failure }),
  };
  if (affected.left > 0) notes.push(`${affected.left} more paths are affected than are named`);
  tellVerify(trace, report);
  await trace.end(failure?.code ?? findings[0]?.failure.code);
  return report;
}

/** What of the snapshots a finding takes: of a pack, a frame of it, or frames that a snapshot misses. */
function withPaths(finding: VerifyFinding, affected: AffectedPaths): VerifyFinding {
  const [key = '', frame] = finding.object.split(', frame ');
  const pack = parsePackKey(key)?.name;
  const ofSnapshots = finding.failure.code === 'FRAMES_MISSING' ? finding.snapshots : [];
  const paths =
    pack === undefined
      ? ofSnapshots.flatMap((id) => affected.ofMissing(id))
      : affected.ofPack(pack, frame === undefined ? undefined : Number(frame));
  return paths.length === 0 ? finding : { ...finding, paths };
}

/** Here its backups restore, so that nobody would notice that they do nowhere else. */
function unapprovedHere({ host, writers }: RepositoryReading): string[] {
  if (host === undefined || writers.isApproved(host.writer)) return [];
  const { message, hint } = unapprovedHost(writers.get(host.writer));
  return [`${approvalPrefix(host.writer)} holds no approval that counts: ${message}; ${hint}`];
}

/**
 * A source without a snapshot is not one without damage. Where snapshots are damaged, they may be its own: those are the finding.
 * Nor is a repository without damage when all that is in it is of writers that nobody approved.
 */
function refuseUnknownSource(listing: SnapshotListing, writers: Writers, source: string | undefined): void {
  const { snapshots, damaged } = listing;
  const found = snapshots.some(({ opened }) => source === undefined || opened.header.source === source);
  if (found || damaged.length > 0) return;
  const [unapproved] = unapprovedWriters(listing, writers, source);
  if (unapproved !== undefined) fail(unapproved);
  if (source !== undefined) failUnknownSource(snapshots, source);
}

async function carryOut(verification: Verification, host: HostKeys | undefined, watch: Stopwatch): Promise<void> {
  const depth = LEVELS.indexOf(verification.options.level);
  watch.phase('list');
  await checkListing(verification, host);
  await checkPruningRecords(verification);
  await checkPassedOver(verification);
  if (depth < 1) return;
  const { budget, identity: unlock } = verification.options;
  const time = new TimeShares(budget?.maxMs, verification.store.targets.length * (depth < 2 ? 1 : 2));
  watch.phase('checksum');
  await checkDigests(verification, time);
  await checkEarlier(verification);
  if (depth < 2) return;
  watch.phase('unlock');
  const asked = performance.now();
  const identity = await unlock();
  time.pause(performance.now() - asked);
  watch.phase('decrypt');
  if (budget === undefined) await checkContents(verification, identity);
  else await checkSample(verification, identity, time);
  if (depth < 3) return;
  watch.phase('restore');
  await checkRestores(verification, identity);
}
