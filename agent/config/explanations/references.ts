import type { Explanations } from './explanation.ts';

/** HF3: names that are declared nowhere. */
export const references = {
  HF3001: {
    means: 'The `source` of a job is no name under `sources`.',
    why: 'The job would have nothing to back up.',
    remedy: 'Write the name as it stands under `sources`, or declare the source there.',
    wrong: 'jobs:\n  app: { source: ap, targets: [local] }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF3002: {
    means: 'An entry of the `targets` of a job is no name under `targets`.',
    why: 'A copy that the policy promises would be made nowhere.',
    remedy: 'Write the name as it stands under `targets`, or declare the target there.',
    wrong: 'jobs:\n  app: { source: app, targets: [local, offsite] }',
    right:
      'targets:\n  local: { type: local, path: /backup }\n  offsite: { type: local, path: /mnt/nas/backup }\njobs:\n  app: { source: app, targets: [local, offsite] }',
  },
  HF3003: {
    means: 'The `pipeline` of a job is no name under `pipelines`, nor `standard`, which needs no declaration.',
    why: 'How the data is cut and compressed would be a guess.',
    remedy: 'Write the name as it stands under `pipelines`, or leave the field out: `standard` is used then.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], pipeline: standart }',
    right: 'jobs:\n  app: { source: app, targets: [local], pipeline: standard }',
  },
  HF3004: {
    means: 'The `retention` of a job is no name under `retention`, nor `default`, which keeps everything.',
    why: 'How long backups stay is a promise; a misspelt one must not turn into another.',
    remedy: 'Write the name as it stands under `retention`, or declare the class there.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], retention: audit }',
    right:
      'retention:\n  audit: { keep: { monthly: 84 }, minimum: 7y }\njobs:\n  app: { source: app, targets: [local], retention: audit }',
  },
  HF3005: {
    means: 'An entry of the `recipients` of a job is no name under `recipients`.',
    why: 'Somebody who should be able to open these backups could not, and would find out when they are needed.',
    remedy: 'Write the name as it stands under `recipients`, or declare the recipient with its public key there.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], recipients: [opps] }',
    right: 'jobs:\n  app: { source: app, targets: [local], recipients: [ops] }',
  },
  HF3006: {
    means: 'The `schedule` of a job or of a drill is one word, and neither a schedule nor a name under `schedules`.',
    why: 'The job would never start.',
    remedy: 'Write the name as it stands under `schedules`, or the schedule itself: `daily at 02:00`.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], schedule: nightly }',
    right: 'schedules:\n  nightly: daily at 02:00\njobs:\n  app: { source: app, targets: [local], schedule: nightly }',
  },
  HF3007: {
    means: 'An entry of the `notify` of an alert is no name under `notifiers`.',
    why: 'Somebody who should be told would not be.',
    remedy: 'Write the name as it stands under `notifiers`, or declare the notifier there.',
    wrong: 'alerts:\n  - { when: run.failed, notify: [chat] }',
    right:
      'notifiers:\n  chat: { type: slack, webhook: { env: SLACK_WEBHOOK } }\nalerts:\n  - { when: run.failed, notify: [chat] }',
  },
  HF3008: {
    means: 'A step of a recovery plan names a source or a plan that is not declared.',
    why: 'It would be found out on the day the plan is needed.',
    remedy: 'Write the name as it stands under `sources` or `plans`.',
    wrong: 'plans:\n  all: { steps: [{ restore: ap }] }',
    right: 'plans:\n  all: { steps: [{ restore: app }] }',
  },
  HF3009: {
    means: 'An alert is only for some jobs, targets or plans, and one of them is not declared.',
    why: 'The alert would never be raised for what was meant.',
    remedy: 'Write the name as it is declared, or leave the list out: then the alert is for all.',
    wrong: 'alerts:\n  - { when: run.failed, jobs: [ap], notify: [] }',
    right: 'alerts:\n  - { when: run.failed, jobs: [app], notify: [] }',
  },
  HF3010: {
    means: 'Recovery plans call each other in a circle.',
    why: 'Following them would never end.',
    remedy: 'Take one of the calls out. The message names the plans in their order.',
    wrong: 'plans:\n  a: { steps: [{ plan: b }] }\n  b: { steps: [{ plan: a }] }',
    right: 'plans:\n  a: { steps: [{ plan: b }] }\n  b: { steps: [{ restore: app }] }',
  },
  HF3011: {
    means: 'A domain is to be shared by a retention class that is not declared.',
    why: 'Who shares keys with whom must not depend on a misspelt name.',
    remedy: 'Write the name as it stands under `retention`.',
    wrong: 'domains:\n  shared: { hosts: ["db-*"], retention: [audit] }',
    right:
      'retention:\n  audit: { keep: { monthly: 36 } }\ndomains:\n  shared: { hosts: ["db-*"], retention: [audit] }',
  },
  HF3012: {
    means: 'A retention class says what stays on a target that is not declared.',
    why: 'On the target that was meant, the rules of the class itself would apply.',
    remedy: 'Write the name as it stands under `targets`.',
    wrong: 'retention:\n  audit: { keep: { monthly: 36 }, targets: { locl: { keep: { daily: 7 } } } }',
    right: 'retention:\n  audit: { keep: { monthly: 36 }, targets: { local: { keep: { daily: 7 } } } }',
  },
  HF3013: {
    means: 'A hold is to cover a job that is not declared.',
    why: 'What should be held would be removed as the rules say.',
    remedy: 'Write the name as it stands under `jobs`. What a job stored that is there no more is held by `snapshots`.',
    wrong: 'holds:\n  case-117: { by: legal, why: Case 2026-117, jobs: [apps] }',
    right: 'holds:\n  case-117: { by: legal, why: Case 2026-117, jobs: [app] }',
  },
} satisfies Explanations<'HF3'>;
