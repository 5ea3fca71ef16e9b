import { fail, failureOf, type Json, type Verdict } from '../contract/index.ts';
import type { ChunkIndex } from '../repository/chunk-index.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import type { HostDomain, HostKeys } from '../repository/keys/host-keys.ts';
import { snapshotKey } from '../repository/layout.ts';
import { type FrameNames, missingFrames } from '../repository/missing-frames.ts';
import type { PackList } from '../repository/pack-list.ts';
import type { Replicas } from '../repository/replicas.ts';
import { encodeSnapshot, type SnapshotHeader } from '../repository/snapshot.ts';
import { Store } from '../repository/store.ts';
import type { Succession } from '../repository/succession.ts';
import { findVoid } from '../repository/voids.ts';
import type { Writers } from '../repository/writers.ts';
import type { TraceSpan } from '../telemetry/telemetry.ts';
import type { CapturedArtifact } from './captured-artifact.ts';
import { runFenced, writerShared } from './chain-findings.ts';
import type { Engine } from './opening.ts';
import type { RunReport } from './run-report.ts';
import type { RunRequest } from './run-request.ts';
import type { RunSink } from './run-sink.ts';
import { referencesTo, type UsedSlots } from './used-slots.ts';

/** What a snapshot keeps of skipped things: so many, and so many bytes, since paths may be long; the count is kept in full. */
const SKIPPED_KEPT = 10_000;
const SKIPPED_BYTES = 8 * 1024 * 1024;

export interface CommitOptions {
  readonly engine: Engine;
  readonly request: RunRequest;
  readonly store: Replicas;
  readonly host: HostKeys;
  readonly domain: HostDomain;
  readonly keys: DomainKeys;
  readonly succession: Succession;
  readonly writers: Writers;
  readonly started: Date;
  readonly pipeline: Json;
  readonly verdict: Verdict;
  readonly artifacts: readonly CapturedArtifact[];
  readonly skipped: RunSink['skipped'];
  readonly used: UsedSlots;
  readonly index: ChunkIndex;
  readonly packs: PackList;
  readonly span: TraceSpan;
}

/** Writes the commit point of a run. All packs and fragments it refers to are stored already. */
export async function commitSnapshot(o: CommitOptions): Promise<NonNullable<RunReport['snapshot']>> {
  const { job } = o.request;
  const { sequence } = o.succession;
  const { bytes, hash } = encodeSnapshot({
    header: headerOf(o),
    references: referencesTo(o.used, o.index, o.packs),
    body: {
      artifacts: o.artifacts.map(({ body }) => body),
      skipped: keptOf(o.skipped),
    },
    keys: { indexKey: o.keys.indexKey, epochPublicKey: o.domain.epoch.publicKey, signer: o.host.signer },
  });
  const key = snapshotKey(o.host.writer, job.name, sequence);
  try {
    await o.store.put(key, bytes, hash);
  } catch (error) {
    const { code } = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
    if (code !== 'TARGET_CONFLICT') throw error;
    const found = await findVoid(o.store.store, o.writers, key);
    return fail(found === undefined ? writerShared(key) : runFenced(found), error);
  }
  o.span.set({ 'holdfast.snapshot.id': hash.slice(0, 8), 'holdfast.snapshot.size': bytes.length });
  return { id: hash.slice(0, 8), hash, sequence, key };
}

const none: FrameNames = new Map();

/**
 * A run that failed while it stored its snapshot may have left it on some of the targets. It is whole, and refers to packs that were
 * stored before it: the others get it too, as long as they have all that it needs. False when they do not, `packs` being those that
 * all targets have.
 */
export async function completeLast({ last, lacking }: Succession, keys: DomainKeys, packs: PackList): Promise<boolean> {
  if (last === undefined || lacking.length === 0 || last.opened.header.domain !== keys.id) return true;
  if (missingFrames(last.opened.references(keys.indexKey), packs, none) > 0) return false;
  await new Store(lacking).put(last.key, last.bytes);
  return true;
}

/** The first of them, as many as a snapshot has room for: a path has no longest length, and a snapshot is one object. */
function keptOf(skipped: RunSink['skipped']): RunSink['skipped'] {
  let bytes = 0;
  const over = skipped.findIndex((one) => {
    bytes += Buffer.byteLength(JSON.stringify(one));
    return bytes > SKIPPED_BYTES;
  });
  return skipped.slice(0, Math.min(over < 0 ? skipped.length : over, SKIPPED_KEPT));
}

function headerOf(o: CommitOptions): SnapshotHeader {
  const { job, policyHash } = o.request;
  const sum = (of: (artifact: CapturedArtifact) => number) => o.artifacts.reduce((total, one) => total + of(one), 0);
  return {
    repository: o.host.repository,
    domain: o.domain.id,
    epoch: o.domain.epoch.id,
    writer: o.host.writer,
    job: job.name,
    source: job.source.name,
    sequence: o.succession.sequence,
    previous: o.succession.previous,
    started: o.started.toISOString(),
    finished: o.engine.now().toISOString(),
    verdict: o.skipped.length > 0 ? 'incomplete' : 'complete',
    host: o.engine.hostName,
    policyHash,
    pipeline: o.pipeline,
    artifacts: o.artifacts.map(({ name, kind, facts, size, entries }) => ({ name, kind, facts, size, entries })),
    facts: o.verdict.facts,
    needs: [...(o.verdict.needs ?? [])],
    counters: {
      size: sum(({ size }) => size),
      entries: sum(({ entries }) => entries),
      files: sum(({ files }) => files),
      unchanged: sum(({ unchanged }) => unchanged),
      changedWhileRead: sum(({ changedWhileRead }) => changedWhileRead),
      chunks: sum(({ counters }) => counters.chunks),
      newChunks: sum(({ counters }) => counters.newChunks),
      newBytes: sum(({ counters }) => counters.newBytes),
      storedBytes: sum(({ counters }) => counters.storedBytes),
    },
    skipped: o.skipped.length,
    agent: o.engine.version,
  };
}
