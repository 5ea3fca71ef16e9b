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
      'retention:\n  audit: { keep: { monthly: 12 }, minimum: 7y }\njobs:\n  app: { source: app, targets: [local], retention: audit }',
  },
  HF3005: {
    means: 'An entry of the `recipients` of a job is no name under `recipients`.',
    why: 'Somebody who should be able to open these backups could not, and would find out when they are needed.',
    remedy: 'Write the name as it stands under `recipients`, or declare the recipient with its public key there.',
    wrong: 'jobs:\n  app: { source: app, targets: [local], recipients: [opps] }',
    right: 'jobs:\n  app: { source: app, targets: [local], recipients: [ops] }',
  },
} satisfies Explanations<'HF3'>;
