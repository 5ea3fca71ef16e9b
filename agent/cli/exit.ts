import type { Failure, Origin } from '../contract/index.ts';

/** What the process ends with. Part of the interface: scripts and systemd units are written against these numbers. */
export const EXIT = {
  ok: 0,
  failed: 1,
  incomplete: 3,
  usage: 64,
  targetUnavailable: 69,
  busy: 75,
  notPermitted: 77,
  policyInvalid: 78,
  interrupted: 130,
} as const;

export type Exit = (typeof EXIT)[keyof typeof EXIT];

// Codes that say more than where they came from; everything else goes by origin.
const BY_CODE: Readonly<Record<string, Exit>> = {
  USAGE: EXIT.usage,
  SNAPSHOT_UNKNOWN: EXIT.usage,
  SNAPSHOT_AMBIGUOUS: EXIT.usage,
  NOTHING_SELECTED: EXIT.usage,
  CANCELLED: EXIT.interrupted,
  BUSY: EXIT.busy,
  KEYS_CHANGED: EXIT.busy,
  TARGET_MISSING: EXIT.targetUnavailable,
  TARGET_UNAVAILABLE: EXIT.targetUnavailable,
  TARGET_READONLY: EXIT.targetUnavailable,
  // A folder without a repository is most often a mount that is not there.
  NOT_A_REPOSITORY: EXIT.targetUnavailable,
  TARGET_DENIED: EXIT.notPermitted,
  SOURCE_DENIED: EXIT.notPermitted,
  RESTORE_DENIED: EXIT.notPermitted,
  STATE_DENIED: EXIT.notPermitted,
  WRONG_KEY: EXIT.notPermitted,
  WRONG_PASSPHRASE: EXIT.notPermitted,
  // Damage and forgery are no question of rights, though they concern keys.
  KEY_DAMAGED: EXIT.failed,
  SEAL_MISMATCH: EXIT.failed,
  EPOCH_FORGED: EXIT.failed,
};

const BY_ORIGIN: Readonly<Record<Origin, Exit>> = {
  source: EXIT.failed,
  repository: EXIT.failed,
  target: EXIT.failed,
  policy: EXIT.policyInvalid,
  key: EXIT.notPermitted,
  agent: EXIT.failed,
};

export function exitOf(failure: Failure): Exit {
  return BY_CODE[failure.code] ?? BY_ORIGIN[failure.origin];
}

/** The exit of several pieces of work: any failure wins over incomplete; failures that differ are plainly `failed`. */
export function combineExits(exits: readonly Exit[]): Exit {
  const failures = new Set(exits.filter((exit) => exit !== EXIT.ok && exit !== EXIT.incomplete));
  if (failures.has(EXIT.interrupted)) return EXIT.interrupted;
  const [only] = failures;
  if (only !== undefined) return failures.size === 1 ? only : EXIT.failed;
  return exits.includes(EXIT.incomplete) ? EXIT.incomplete : EXIT.ok;
}
