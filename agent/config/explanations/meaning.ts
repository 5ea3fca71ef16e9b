import type { Explanations } from './explanation.ts';

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
    means: 'Two jobs of one retention class have different recipients.',
    why: 'A class of a host is one domain with one set of keys: who can open one of its backups can open all of them.',
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
  HF4901: {
    means: 'A part of the policy is understood, and this version of Holdfast does nothing about it.',
    why: 'What is ignored in silence is believed to work.',
    remedy: 'Do by other means what it asks for, as the hint says: a systemd timer for a schedule, for instance.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], schedule: { every: 1h } }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF4902: {
    means: 'A part of the policy is understood and kept with the backups, and nothing acts on it yet.',
    why: 'It does no harm, and it does not yet do what it promises: nothing is removed, nothing is measured.',
    remedy: 'Nothing needs to be done. Watch the free space of the targets until `retention` is acted on.',
    wrong: 'retention:\n  standard: { keep: { daily: 14 } }',
    right: '# Without a class of its own a job keeps everything.\njobs:\n  app: { source: app, targets: [local] }',
  },
} satisfies Explanations<'HF4'>;
