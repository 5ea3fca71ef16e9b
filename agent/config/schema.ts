import type { Static, TSchema } from 'typebox';
import { Type } from '../contract/index.ts';
import { Alert } from './sections/alerts.ts';
import { Hold } from './sections/holds.ts';
import { Job } from './sections/jobs.ts';
import { Limits } from './sections/limits.ts';
import { Plan } from './sections/plans.ts';
import { Retention } from './sections/retention.ts';
import { Schedule } from './sections/schedules.ts';
import { closed, HOST_PATTERN, hostNames, named, open, reference, timeSpan } from './vocabulary.ts';

/** Stages in the order data passes them. The order is part of the repository's format, see pipeline.ts. */
export const STAGES = ['chunk', 'compress', 'encrypt', 'checksum'] as const;
export type StageName = (typeof STAGES)[number];

export const Encrypt = Type.Literal('aes-256-gcm', {
  description: 'The cipher. It is built in: every backup is encrypted, and the host that wrote it cannot read it.',
});
export const Checksum = Type.Literal('sha256', {
  description: 'What every stored object is named and checked by. It is built in.',
});

export const Objectives = closed('What is promised for this source; measured, not assumed.', {
  rpo: Type.Optional(timeSpan('At most so much may be lost: the greatest age of the newest backup.', '5m', '60m')),
  rto: Type.Optional(timeSpan('It takes at most so long until the source works again.', '5m', '15m')),
});

const Recipient = closed('Somebody who can open backups.', {
  publicKey: Type.String({
    description: 'File with an armored OpenPGP public key, relative to the policy.',
    examples: ['keys/operations.asc'],
    minLength: 1,
    format: 'path',
  }),
});

const Domain = closed('Hosts and classes that deduplicate, are trusted and are shredded together.', {
  hosts: hostNames('The hosts that share.'),
  retention: Type.Array(reference('A name under "retention".', 'trading'), {
    description: 'The retention classes that share.',
    minItems: 1,
    uniqueItems: true,
  }),
});

/** What stands for the parts that plugins describe. */
export interface PolicyParts<
  Src extends TSchema,
  Tgt extends TSchema,
  Pipe extends TSchema,
  Task extends TSchema,
  Note extends TSchema,
> {
  readonly source: Src;
  readonly target: Tgt;
  readonly pipeline: Pipe;
  readonly job: Task;
  readonly notifier: Note;
  /** What stands under a host, and under defaults. */
  readonly overrides: TSchema;
  readonly defaults: TSchema;
}

/** The policy language, version 1. Every field has a description: it is what editors and the reference show. */
export function policySchema<
  S extends TSchema,
  T extends TSchema,
  P extends TSchema,
  J extends TSchema,
  N extends TSchema,
>(parts: PolicyParts<S, T, P, J, N>) {
  return Type.Object(
    {
      $schema: Type.Optional(Type.String({ description: 'For editors that read JSON.' })),
      version: Type.Literal(1, { description: 'The version of the policy language.' }),
      include: Type.Optional(
        Type.Array(
          Type.String({
            description: 'A file, or a pattern of files.',
            examples: ['jobs.yaml', 'conf.d/*.yaml'],
            minLength: 1,
          }),
          {
            description:
              'Other files that are part of this policy, relative to this file. What stands here wins over what stands there.',
          },
        ),
      ),
      plugins: Type.Optional(
        Type.Array(
          reference('A module: a path that begins with ./ or ../ or /, or a package.', '@example/holdfast-tape'),
          {
            description:
              'Plugins from outside: files, relative to the policy, and packages installed beside it. They may do all that the agent may.',
            examples: [['/etc/holdfast/cold.ts', '@example/holdfast-tape']],
            uniqueItems: true,
          },
        ),
      ),
      recipients: Type.Unsafe<Record<string, Static<typeof Recipient>>>({
        ...named(
          'Who can open backups. Keep the private keys elsewhere than on the hosts that are backed up.',
          Recipient,
        ),
        minProperties: 1,
      }),
      targets: Type.Optional(named('Places that hold backups.', parts.target)),
      pipelines: Type.Optional(
        named(
          'How data is processed. "standard" exists without being declared: fastcdc, zstd at level 3.',
          parts.pipeline,
        ),
      ),
      schedules: Type.Optional(named('Schedules with names, for jobs that start together.', Schedule)),
      sources: Type.Optional(named('Data systems to protect.', parts.source)),
      retention: Type.Optional(named('Retention classes.', Retention)),
      holds: Type.Optional(named('Legal holds: snapshots that stay, whatever the rules say.', Hold)),
      jobs: Type.Optional(named('What is backed up where, when and for how long.', parts.job)),
      limits: Limits,
      alerts: Type.Optional(Type.Array(Alert, { description: 'When people are told.' })),
      notifiers: Type.Optional(named('How people are told.', parts.notifier)),
      plans: Type.Optional(named('Recovery plans.', Plan)),
      defaults: Type.Optional(parts.defaults),
      hosts: Type.Optional(
        Type.Unsafe<Record<string, unknown>>({
          type: 'object',
          description:
            'What is different on some hosts: by name or pattern ("db-*"), parts of a policy that are laid over the rest.',
          propertyNames: { pattern: HOST_PATTERN },
          additionalProperties: parts.overrides,
        }),
      ),
      domains: Type.Optional(named('Domains that are shared between hosts or classes.', Domain)),
    },
    {
      title: 'Holdfast policy',
      description: 'What is protected, where it goes, how long it stays and who can open it.',
      additionalProperties: false,
      patternProperties: { '^x-': { description: 'Yours: a place for YAML anchors; ignored.' } },
    },
  );
}

const Stage = Type.Union([
  Type.String({ description: 'Its algorithm, with default options.', minLength: 1 }),
  open('Its algorithm and options.', { algorithm: Type.String({ description: 'The algorithm.', minLength: 1 }) }),
]);

const Step = Type.Object(
  {
    chunk: Type.Optional(Stage),
    compress: Type.Optional(Stage),
    encrypt: Type.Optional(Encrypt),
    checksum: Type.Optional(Checksum),
  },
  { description: 'One stage.', additionalProperties: false, minProperties: 1, maxProperties: 1 },
);

/** The policy without what plugins say of their options: those are checked one by one, so that only plugins in use cost time. */
export const Skeleton = policySchema({
  source: open('A source.', {
    type: Type.String({ description: 'The source plugin.', minLength: 1 }),
    objectives: Type.Optional(Objectives),
  }),
  target: open('A target.', { type: Type.String({ description: 'The target plugin.', minLength: 1 }) }),
  job: Job,
  pipeline: Type.Array(Step, { description: 'The stages chunk, compress, encrypt and checksum, in this order.' }),
  notifier: open('A notifier.', { type: Type.String({ description: 'The notifier plugin.', minLength: 1 }) }),
  // What stands in them is checked where it is merged to.
  overrides: open('Parts of a policy.', {}),
  defaults: closed('What entries have that do not say otherwise.', {
    jobs: Type.Optional(open('What jobs have.', {})),
    sources: Type.Optional(Type.Record(Type.String(), open('What sources of a type have.', {}))),
    targets: Type.Optional(Type.Record(Type.String(), open('What targets of a type have.', {}))),
  }),
});

export type Skeleton = Static<typeof Skeleton>;
