import type { Explanations } from './explanation.ts';
import { retention } from './retention.ts';

/** HF4: what is written rightly, and still cannot be meant, or is not acted on. */
export const meaning = {
  HF4001: {
    means: 'The stages of a pipeline do not stand in the order chunk, compress, encrypt, checksum.',
    why: 'The order is part of the format of the repository. What is encrypted can be neither compressed nor found twice.',
    remedy: 'Write the stages in their order. They are written out to be read, not to be changed.',
    wrong:
      'pipelines:\n  own:\n    - chunk: fastcdc\n    - encrypt: aes-256-gcm\n    - compress: zstd\n    - checksum: sha256',
    right:
      'pipelines:\n  own:\n    - chunk: fastcdc\n    - compress: zstd\n    - encrypt: aes-256-gcm\n    - checksum: sha256',
  },
  HF4002: {
    means: 'A pipeline lacks one of its four stages.',
    why: 'Each is needed: data is stored in chunks, sealed, and named by its checksum. Nothing is ever stored unencrypted.',
    remedy: 'Add the stage. `compress: none` stores data as it is; encryption and checksum have one choice each.',
    wrong: 'pipelines:\n  own: [chunk: fastcdc, compress: zstd, checksum: sha256]',
    right: 'pipelines:\n  own: [chunk: fastcdc, compress: zstd, encrypt: aes-256-gcm, checksum: sha256]',
  },
  HF4003: {
    means: 'A pipeline has the same stage twice.',
    why: 'Data passes each stage once; which of the two was meant cannot be told.',
    remedy: 'Take one of them out.',
    wrong:
      'pipelines:\n  own: [chunk: fastcdc, compress: zstd, compress: gzip, encrypt: aes-256-gcm, checksum: sha256]',
    right: 'pipelines:\n  own: [chunk: fastcdc, compress: gzip, encrypt: aes-256-gcm, checksum: sha256]',
  },
  HF4004: {
    means: 'Two targets of one job are the same place, written in two ways.',
    why: 'The policy promises two copies, and one failing disk would take both.',
    remedy: 'Name a second place, or take one of the targets out of the job.',
    wrong:
      'targets:\n  local: { type: local, path: /backup }\n  second: { type: local, path: /backup/ }\njobs:\n  app: { source: app, targets: [local, second] }',
    right:
      'targets:\n  local: { type: local, path: /backup }\n  second: { type: local, path: /mnt/nas/backup }\njobs:\n  app: { source: app, targets: [local, second] }',
  },
  HF4005: {
    means: 'A job has a `select`, and its source can only be backed up whole.',
    why: 'The selection would be ignored, and more would be stored than the policy says.',
    remedy: 'Take `select` out. What a source of type `files` leaves out is said by its `exclude`.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], select: { paths: [config] } }',
    right:
      'sources:\n  app: { type: files, paths: [/srv/app/config] }\njobs:\n  app: { source: app, targets: [local] }',
  },
  HF4006: {
    means: 'Two jobs of one retention class, or of one shared domain, have different recipients.',
    why: 'A domain has one set of keys: who can open one of its backups can open all of them.',
    remedy: 'Give both jobs the same recipients, or one of them a retention class of its own.',
    wrong:
      'recipients:\n  ops: { publicKey: keys/ops.asc }\n  audit: { publicKey: keys/audit.asc }\njobs:\n  app: { source: app, targets: [local] }\n  books: { source: app, targets: [local], recipients: [audit] }',
    right:
      'recipients:\n  ops: { publicKey: keys/ops.asc }\n  audit: { publicKey: keys/audit.asc }\nretention:\n  books: { minimum: 7y }\njobs:\n  app: { source: app, targets: [local] }\n  books: { source: app, targets: [local], recipients: [audit], retention: books }',
  },
  HF4007: {
    means: 'A source is declared, and no job backs it up.',
    why: 'Somebody who reads the policy believes that it is protected.',
    remedy: 'Write a job for it, or take the source out.',
    wrong:
      'sources:\n  app: { type: files, paths: [/srv/app] }\n  mail: { type: files, paths: [/var/mail] }\njobs:\n  app: { source: app, targets: [local] }',
    right:
      'sources:\n  app: { type: files, paths: [/srv/app] }\n  mail: { type: files, paths: [/var/mail] }\njobs:\n  app: { source: app, targets: [local] }\n  mail: { source: mail, targets: [local] }',
  },
  HF4008: {
    means: 'The policy has no jobs.',
    why: 'It is a right policy, and protects nothing.',
    remedy: 'Write a job: a source, and the targets it goes to.',
    wrong: 'jobs: {}',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF4009: {
    means: 'A target of a job lies in a folder that its own source reads.',
    why: 'Each run would back up the repository, and with it the run before: it would grow without end.',
    remedy: 'Exclude the folder of the target from the source, or keep the repository elsewhere.',
    wrong:
      'targets:\n  local: { type: local, path: /srv/app/backup }\nsources:\n  app: { type: files, paths: [/srv/app] }',
    right:
      'targets:\n  local: { type: local, path: /srv/app/backup }\nsources:\n  app: { type: files, paths: [/srv/app], exclude: [/backup/] }',
  },
  HF4011: {
    means: 'A retention class keeps backups only while they are young, and the next one may come later than that.',
    why: 'Between two runs there would be no backup at all.',
    remedy: 'Keep the newest as well (`last: 1`), keep backups for longer, or back up more often.',
    wrong:
      'retention:\n  short: { keep: { within: 12h } }\njobs:\n  app: { source: app, targets: [local], schedule: daily at 02:00, retention: short }',
    right:
      'retention:\n  short: { keep: { within: 12h, last: 2 } }\njobs:\n  app: { source: app, targets: [local], schedule: daily at 02:00, retention: short }',
  },
  HF4012: {
    means: 'A retention class promises a `minimum`, and its rules keep nothing for so long.',
    why: 'Whoever asks for a backup of seven years ago has been promised one.',
    remedy: 'Keep more of the longest periods: `monthly: 84` are seven years. Or promise less.',
    wrong: 'retention:\n  financial: { keep: { daily: 14, monthly: 60 }, minimum: 7y }',
    right: 'retention:\n  financial: { keep: { daily: 14, monthly: 84 }, minimum: 7y }',
  },
  HF4013: {
    means:
      'A source promises to lose at most so much (`rpo`), and none of its jobs starts that often, jitter and blackouts counted.',
    why: 'The promise would be broken every day without anything going wrong.',
    remedy: 'Back up more often, or promise less under `objectives`.',
    wrong:
      'sources:\n  app: { type: files, paths: [/srv/app], objectives: { rpo: 1h } }\njobs:\n  app: { source: app, targets: [local], schedule: daily at 02:00 }',
    right:
      'sources:\n  app: { type: files, paths: [/srv/app], objectives: { rpo: 1h } }\njobs:\n  app: { source: app, targets: [local], schedule: every 30m }',
  },
  HF4014: {
    means: 'A source promises to lose at most so much (`rpo`), and no job of it has a schedule.',
    why: 'Whether the promise is kept depends on who starts the job, which the policy does not say.',
    remedy: 'Give a job a schedule. If cron or a timer starts it, write down how often.',
    wrong: 'sources:\n  app: { type: files, paths: [/srv/app], objectives: { rpo: 1h } }',
    right:
      'sources:\n  app: { type: files, paths: [/srv/app], objectives: { rpo: 1h } }\njobs:\n  app: { source: app, targets: [local], schedule: every 30m }',
  },
  HF4015: {
    means: 'What is stored is locked for longer than it may be kept when somebody asks for erasure.',
    why: 'A lock cannot be undone by anybody: the duty to erase could not be met.',
    remedy: 'Lock for less, or keep what may have to be erased in a class of its own.',
    wrong: 'retention:\n  personal: { lock: 90d, erasure: 30d }',
    right: 'retention:\n  personal: { lock: 14d, erasure: 30d }',
  },
  HF4016: {
    means:
      'The policy asks something of a plugin that it cannot do, such as a rehearsal of a source that has no place for one.',
    why: 'The rehearsal would fail each time, or would have to write over what it should only test.',
    remedy: 'Say where to restore to with `into`, or leave the `drill` of the plan out.',
    wrong: 'plans:\n  all: { steps: [{ restore: tape }], drill: { schedule: weekly on sun at 03:00 } }',
    right: 'plans:\n  all: { steps: [{ restore: tape, into: /scratch }], drill: { schedule: weekly on sun at 03:00 } }',
    examples: { untestable: 'It takes a source from outside: those that are built in can make a place.' },
  },
  HF4017: {
    means: 'An alert names nobody who is to be told.',
    why: 'It is kept in the history and nothing else happens, which is seldom what an alert is written for.',
    remedy: 'Name notifiers under `notify`.',
    wrong: 'alerts:\n  - { when: run.failed }',
    right:
      'notifiers:\n  chat: { type: slack, webhook: { env: SLACK_WEBHOOK } }\nalerts:\n  - { when: run.failed, notify: [chat] }',
  },
  HF4019: {
    means: 'The recovery key that `init` made still lies in the state folder of this host.',
    why: 'It opens every backup. Who takes the host takes them too, and when the host is lost, so is the key.',
    remedy: 'Copy it to two other places, and remove it here. `init` shows the commands.',
    wrong: '# /var/lib/holdfast/recovery-key.asc is there',
    right: '# /var/lib/holdfast/recovery-key.asc is not there any more',
    examples: { untestable: 'It depends on the state folder of the host.' },
  },
  HF4020: {
    means: 'Something stands under `defaults`, and no entry of the policy takes it.',
    why: 'The type may be misspelt, and then entries do not have what they should.',
    remedy: 'Mend the type, or take the defaults out.',
    wrong: 'defaults:\n  targets: { s3: { region: eu-west-1 } }',
    right: 'defaults:\n  jobs: { timeout: 2h }',
  },
  HF4021: {
    means: 'Two domains share the same retention class between hosts that are in both.',
    why: 'A backup lies in one domain. Which of the two it is would decide who shares keys with whom.',
    remedy: 'Take the class out of one of the domains, or the hosts that both have out of one.',
    wrong: 'domains:\n  all: { hosts: ["*"], retention: [default] }\n  some: { hosts: ["h*"], retention: [default] }',
    right:
      'domains:\n  web: { hosts: ["web-*"], retention: [default] }\n  some: { hosts: ["h*"], retention: [default] }',
  },
  HF4022: {
    means: 'A domain names a host, and that host has no job of the classes that the domain shares.',
    why: 'Whoever is in a domain gets its secret and is trusted by the others: a name too many, or a misspelt one, is not harmless.',
    remedy: 'Take the host out of the domain, or give it a job of one of its classes.',
    wrong:
      'jobs:\n  app: { source: app, targets: [local], hosts: [db-1] }\ndomains:\n  shared: { hosts: [db-1, h], retention: [default] }',
    right:
      'jobs:\n  app: { source: app, targets: [local], hosts: [db-1, h] }\ndomains:\n  shared: { hosts: [db-1, h], retention: [default] }',
  },
  HF4023: {
    means: 'A notifier has a token, and an address that begins with http:// and is not of this host.',
    why: 'Whoever is on the way reads the token, and can then send in its name.',
    remedy: 'Write https://, or send to a server on this host that passes it on encrypted.',
    wrong:
      'notifiers:\n  hook: { type: webhook, url: "http://hooks.example.net/holdfast", token: { env: HOOK_TOKEN } }',
    right:
      'notifiers:\n  hook: { type: webhook, url: "https://hooks.example.net/holdfast", token: { env: HOOK_TOKEN } }',
  },
  HF4028: {
    means:
      'Each option of a source is written rightly, and together they cannot be followed: masks without the key that they need, for instance.',
    why: 'It would show when it is needed, in the middle of a restore.',
    remedy: 'Do what the hint says.',
    wrong: `sources:
  app: { type: files, paths: [/srv/app] }
  db:
    type: postgres
    connection: { host: /run/postgresql }
    masks: { staging: { rules: [{ table: customers, columns: { email: { with: fake } } }] } }`,
    right: `sources:
  app: { type: files, paths: [/srv/app] }
  db:
    type: postgres
    connection: { host: /run/postgresql }
    masks: { staging: { key: { credential: masks }, rules: [{ table: customers, columns: { email: { with: fake } } }] } }`,
  },
  ...retention,
  HF4901: {
    means: 'A part of the policy is understood, and this version of Holdfast does nothing about it.',
    why: 'What is ignored in silence is believed to work.',
    remedy: 'Do by other means what it asks for, as the hint says: a systemd timer for a schedule, for instance.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], schedule: { every: 1h } }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF4902: {
    means: 'A part of the policy is understood and kept with the backups, and nothing acts on it yet.',
    why: 'It does no harm, and it does not yet do what it promises: nothing is measured.',
    remedy: 'Nothing needs to be done. Watch yourself what it promises.',
    wrong: 'sources:\n  app: { type: files, paths: [/srv/app], objectives: { rpo: 15m } }',
    right: 'sources:\n  app: { type: files, paths: [/srv/app] }',
  },
} satisfies Explanations<'HF4'>;
