import { type Failure, failureOf } from '../contract/index.ts';
import { type CheckedPart, type CheckRecord, encodeCheck, MAX_NAMED } from '../repository/check-record.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import * as layout from '../repository/layout.ts';
import { Store } from '../repository/store.ts';
import type { Verification, VerifyFinding } from './verification.ts';

/** Where a verification was recorded, and why it was not elsewhere. */
export interface Recorded {
  readonly targets: readonly string[];
  readonly problems: readonly Failure[];
}

/**
 * Signs what a verification came to, for each target what it came to there. That it cannot be written is a problem, and changes nothing
 * of what was found. A host that has no keys here cannot sign.
 */
export async function recordVerification(
  v: Verification,
  { host, begun }: { readonly host: HostKeys | undefined; readonly begun: Date },
): Promise<Recorded> {
  if (host === undefined) return { targets: [], problems: [] };
  const targets: string[] = [];
  const problems: Failure[] = [];
  const ended = v.engine.now();
  for (const target of v.store.targets) {
    try {
      const { key, bytes } = encodeCheck(recordOf(v, target.name, { host, begun, ended }), host.signer);
      await new Store([target]).put(key, bytes);
      targets.push(target.name);
    } catch (error) {
      problems.push(notRecorded(target.name, failureOf(error, { code: 'TARGET_IO', origin: 'target' })));
    }
  }
  return { targets, problems };
}

function recordOf(
  v: Verification,
  target: string,
  { host, begun, ended }: { host: HostKeys; begun: Date; ended: Date },
): CheckRecord {
  const { options, checked, engine } = v;
  // What is not of one target in particular counts against each: it may be this one.
  const findings = v.findings.filter((finding) => finding.target === undefined || finding.target === target);
  const counts = Map.groupBy(findings, ({ failure }) => failure.code);
  return {
    repository: v.repository,
    writer: host.writer,
    target,
    level: options.level,
    source: options.source ?? '',
    begun: begun.toISOString(),
    ended: ended.toISOString(),
    budget: { share: options.budget?.share ?? 1, maxMs: options.budget?.maxMs ?? 0 },
    snapshots: checked.snapshots,
    restored: checked.restored,
    coverage: v.coverage.filter((one) => one.target === target).map(partOf),
    findings: [...counts.keys()].sort().map((code) => ({ code, count: counts.get(code)?.length ?? 0 })),
    damaged: [...new Set(findings.flatMap(objectOf))].slice(0, MAX_NAMED),
    verdict: findings.length === 0 ? 'ok' : 'damaged',
    agent: engine.version,
  };
}

function partOf({ level, read, readBytes, objects, bytes }: CheckedPart): CheckedPart {
  return { level, read, readBytes, objects, bytes };
}

const PARSERS: readonly ((key: string) => unknown)[] = [
  layout.parsePackKey,
  layout.parseIndexKey,
  layout.parseSnapshotKey,
  layout.parseEpochKey,
  layout.parseWriterKey,
  layout.parseApprovalKey,
  layout.parseRemovalKey,
  layout.parseSessionKey,
  layout.parseMarkKey,
  (key) => (key === layout.REPOSITORY_KEY ? key : undefined),
];

/** The key of what a finding is about. What is none may be the path of a file, which nobody without a key is to read. */
function objectOf({ object }: VerifyFinding): string[] {
  const [key = ''] = object.split(', frame ');
  return PARSERS.some((parse) => parse(key) !== undefined) ? [key] : [];
}

function notRecorded(target: string, { message }: Failure): Failure {
  return {
    code: 'CHECK_NOT_RECORDED',
    message: `what was found is not recorded on target ${target}: ${message}`,
    origin: 'target',
    permanent: false,
    hint: 'what this verification says holds all the same; --no-record leaves records out',
  };
}
