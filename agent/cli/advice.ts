import type { Failure, Origin } from '../contract/index.ts';

// By code where that says more than where it came from.
const BY_CODE: Readonly<Record<string, string>> = {
  CANCELLED: 'Say the same again to go on: what was stored already is not stored twice.',
  SECRET_MISSING: 'Put the secret where the policy says it is, or name its place in the policy otherwise.',
  SECRET_UNSAFE: 'See that nobody but the user of the agent can read it.',
  SOURCE_MISSING: 'See that the policy names what is there, and that what should be mounted is.',
};

const BY_ORIGIN: Readonly<Record<Origin, string>> = {
  source: 'See that this user can read the source, then say the same again; --verbose says more.',
  target: 'See that the target is there, has room, and can be written to; then say the same again.',
  repository: '`holdfast verify` says what else is damaged; another target may hold it undamaged: --target <target>.',
  policy: '`holdfast validate` says where the policy is wrong.',
  key: '`holdfast keys` lists the keys in use; --key <file> names the one to read with.',
  agent: '--verbose says more.',
};

/** What the system says when a process has run out of descriptors, wherever that is met. */
const FILES_OPEN = /\b(EMFILE|ENFILE)\b/;
const MORE_FILES = 'Let the process have more open files: `ulimit -n 1024`, or LimitNOFILE= in its systemd unit.';

const MAY_PASS = 'It may pass: say the same again. --verbose says more.';

/** The failure with something to do next: its own hint, else what helps most often with what came from there. */
export function advised(failure: Failure): Failure {
  return failure.hint === undefined ? { ...failure, hint: adviceOn(failure) } : failure;
}

/** A report whose failure, if there is one, is {@link advised}, and so are those of its targets. */
export function advisedReport<T extends { readonly failure?: Failure; readonly targets?: readonly object[] }>(
  report: T,
): T {
  const { failure, targets } = report;
  if (failure === undefined && targets === undefined) return report;
  return {
    ...report,
    ...(failure === undefined ? {} : { failure: advised(failure) }),
    ...(targets === undefined ? {} : { targets: targets.map((target) => advisedReport<object>(target)) }),
  };
}

function adviceOn({ code, origin, permanent, message }: Failure): string {
  if (FILES_OPEN.test(message)) return MORE_FILES;
  return BY_CODE[code] ?? (permanent || origin === 'target' ? BY_ORIGIN[origin] : MAY_PASS);
}
