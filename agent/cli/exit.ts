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

interface ExitMeaning {
  /** For a list of all of them. */
  readonly brief: string;
  /** What to make of it. */
  readonly full: string;
}

/** In words, for the help and the man page: every code there is. */
export const EXIT_MEANINGS: Readonly<Record<Exit, ExitMeaning>> = {
  [EXIT.ok]: { brief: 'done', full: 'All that was asked for was done.' },
  [EXIT.failed]: {
    brief: 'failed, or damage was found',
    full: 'The work was begun and failed, or what was checked is damaged. A run made no snapshot.',
  },
  [EXIT.incomplete]: {
    brief: 'done, but for something that was left out',
    full: 'The work was finished, but for something that could not be read or restored. What was left out is named; a run made a snapshot of the rest, or a target did not get the snapshot.',
  },
  [EXIT.usage]: {
    brief: 'the command line makes no sense',
    full: 'The command line makes no sense, or names a job, source, target or snapshot that is not there. Nothing was done.',
  },
  [EXIT.targetUnavailable]: {
    brief: 'no target can be had',
    full: 'No target is there, answers and can be written to: a disk that is not mounted, a network that is down.',
  },
  [EXIT.busy]: { brief: 'something else is at work', full: 'Another run is going on. Trying again later helps.' },
  [EXIT.notPermitted]: {
    brief: 'not permitted, or the wrong key',
    full: 'The user may not read or write something that is needed, or a key or passphrase is missing or wrong.',
  },
  [EXIT.policyInvalid]: {
    brief: 'the policy is missing or wrong',
    full: 'There is no policy, or it has mistakes. Each is shown with its line.',
  },
  [EXIT.interrupted]: {
    brief: 'interrupted (143: terminated)',
    full: 'Interrupted by Ctrl-C; 143 after SIGTERM. Nothing half-written is visible.',
  },
};

// Codes that say more than where they came from; everything else goes by origin.
const BY_CODE: Readonly<Record<string, Exit>> = {
  USAGE: EXIT.usage,
  SNAPSHOT_UNKNOWN: EXIT.usage,
  SNAPSHOT_AMBIGUOUS: EXIT.usage,
  NOTHING_SELECTED: EXIT.usage,
  CONFIRMATION_NEEDED: EXIT.usage,
  RESTORE_UNSUPPORTED: EXIT.usage,
  MASK_UNKNOWN: EXIT.usage,
  RESTORE_OTHER_HOST: EXIT.usage,
  RESTORE_INCOMPLETE: EXIT.usage,
  RESTORE_ORIGIN: EXIT.usage,
  RESTORE_DECLINED: EXIT.notPermitted,
  CANCELLED: EXIT.interrupted,
  BUSY: EXIT.busy,
  KEYS_CHANGED: EXIT.busy,
  TARGET_MISSING: EXIT.targetUnavailable,
  TARGET_UNAVAILABLE: EXIT.targetUnavailable,
  TARGET_READONLY: EXIT.targetUnavailable,
  TARGET_OCCUPIED: EXIT.targetUnavailable,
  // A folder without a repository is most often a mount that is not there.
  NOT_A_REPOSITORY: EXIT.targetUnavailable,
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

// What plugins call a system that does not let the agent in, or not do what it must: their codes are their own.
const NOT_PERMITTED = /_(DENIED|LOGIN)$/;

export function exitOf({ code, origin }: Failure): Exit {
  return BY_CODE[code] ?? (NOT_PERMITTED.test(code) ? EXIT.notPermitted : BY_ORIGIN[origin]);
}

/** The exit of several pieces of work: any failure wins over incomplete; failures that differ are plainly `failed`. */
export function combineExits(exits: readonly Exit[]): Exit {
  const failures = new Set(exits.filter((exit) => exit !== EXIT.ok && exit !== EXIT.incomplete));
  if (failures.has(EXIT.interrupted)) return EXIT.interrupted;
  const [only] = failures;
  if (only !== undefined) return failures.size === 1 ? only : EXIT.failed;
  return exits.includes(EXIT.incomplete) ? EXIT.incomplete : EXIT.ok;
}
