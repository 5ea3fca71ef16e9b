/** A name, and what it is for, in sentences. */
export type Described = readonly [name: string, meaning: string];

/** Every variable of the environment that a user can set, for the man page. */
export const ENVIRONMENT: readonly Described[] = [
  ['HOLDFAST_STATE', 'Where this host keeps keys and catalog, when --state does not say.'],
  ['HOLDFAST_PASSPHRASE_FILE', 'A file with the passphrase of the key that opens backups, for its owner alone.'],
  ['HOLDFAST_PASSPHRASE', 'That passphrase itself. A file is safer: other processes of the user can read this.'],
  [
    'CREDENTIALS_DIRECTORY',
    'Set by systemd: the passphrase is taken from the credential holdfast-passphrase in it first.',
  ],
  ['XDG_STATE_HOME', 'Where users other than root keep state; ~/.local/state when it is not set.'],
  [
    'PATH',
    'Where the programs of the system are that Node has no call for: mkfifo, mknod, and tools of attributes. They inherit nothing else.',
  ],
  ['NO_COLOR', 'When set to anything: no colours.'],
  [
    'FORCE_COLOR',
    'Colours also where no terminal is, unless NO_COLOR or --no-color is there; 0 or false: none at all.',
  ],
  ['TERM', 'With dumb: no colours, and no progress.'],
  [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'Where traces, metrics and log records are sent. Other variables of OpenTelemetry, OTEL_*, are honoured too.',
  ],
  ['TRACEPARENT', 'The trace that a run becomes a part of, as W3C Trace Context writes it.'],
  ['TRACESTATE', 'What others noted beside TRACEPARENT.'],
  ['GITHUB_ACTIONS', 'With true: validate writes what GitHub shows beside the lines, unless --format says otherwise.'],
  ['GITHUB_STEP_SUMMARY', 'Set by GitHub Actions: the file that the summary of validate is written to.'],
  ['GITHUB_WORKSPACE', 'Set by GitHub Actions: the folder that paths in reports are relative to.'],
  ['CI_PROJECT_DIR', 'The same, set by GitLab.'],
  ['WORKSPACE', 'The same, set by Jenkins.'],
];

/** The files that the program looks for or makes. */
export const FILES: readonly Described[] = [
  [
    'holdfast.yaml',
    'The policy: .yml, .json, a leading dot and .config/ are found too. Looked for in the working directory, then in the folders above, then in /etc/holdfast.',
  ],
  [
    '/var/lib/holdfast',
    'What root keeps on this host: its keys, the catalog, and a recovery key until it is taken off.',
  ],
  ['~/.local/state/holdfast', 'The same of other users.'],
];
