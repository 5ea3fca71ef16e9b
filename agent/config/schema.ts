import { type Static, type TSchema, Type } from 'typebox';
import type { Json } from '../contract/index.ts';
import { closed, duration, named, open, rate, reference, size, span } from './vocabulary.ts';

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
  rpo: Type.Optional(span('At most so much may be lost: the greatest age of the newest backup.', '5m', '60m')),
  rto: Type.Optional(span('It takes at most so long until the source works again.', '5m', '15m')),
});

const Recipient = closed('Somebody who can open backups.', {
  publicKey: Type.String({
    description: 'File with an armored OpenPGP public key, relative to the policy.',
    examples: ['keys/operations.asc'],
    minLength: 1,
    format: 'path',
  }),
});

const count = (what: string) =>
  Type.Optional(Type.Integer({ description: `Keep one snapshot of each of so many ${what}.`, minimum: 1 }));

const Retention = closed('A retention class: what is kept, and for how long. Its name is part of the domain.', {
  keep: Type.Optional(
    closed('Which snapshots stay; one that any rule keeps, stays. Without it, all stay.', {
      last: Type.Optional(Type.Integer({ description: 'Keep so many of the newest snapshots.', minimum: 1 })),
      within: Type.Optional(duration('Keep every snapshot that is younger.', '2d')),
      hourly: count('hours'),
      daily: count('days'),
      weekly: count('weeks'),
      monthly: count('months'),
      yearly: count('years'),
    }),
  ),
  minimum: Type.Optional(duration('One snapshot of every declared period is promised for so long.', '7y', '5y')),
});

const Schedule = open('When the job starts.', {
  every: Type.Optional(span('Start at this interval.', '15m', '1d')),
});

const Job = closed('One source, backed up to some targets.', {
  source: reference('The source to back up: a name under "sources".', 'orders-db'),
  select: Type.Optional(
    Type.Unsafe<Json>({ description: 'Which part of the source; what can stand here depends on the source.' }),
  ),
  schedule: Type.Optional(Schedule),
  pipeline: Type.String({
    description: 'How the data is processed: a name under "pipelines".',
    default: 'standard',
    minLength: 1,
  }),
  targets: Type.Array(reference('A name under "targets".', 'local'), {
    description: 'Where the backup goes: names under "targets". Each holds a complete copy.',
    examples: [['local', 'offsite']],
    minItems: 1,
    uniqueItems: true,
  }),
  retention: Type.String({
    description:
      'What is kept: a name under "retention". "default" exists without being declared and keeps everything.',
    examples: ['trading'],
    default: 'default',
    minLength: 1,
  }),
  recipients: Type.Optional(
    Type.Array(reference('A name under "recipients".', 'operations'), {
      description: 'Who can open these backups: names under "recipients". All of them by default.',
      minItems: 1,
      uniqueItems: true,
    }),
  ),
  timeout: Type.String({ ...span('A run that takes longer is cancelled.', '2h'), default: '24h' }),
});

const Limits = Type.Object(
  {
    workers: Type.Optional(
      Type.Integer({
        description: 'Threads that chunk, compress and encrypt. By default one for each processor, at most 8.',
        minimum: 1,
        maximum: 64,
      }),
    ),
    memory: Type.String({ ...size('Buffers in flight.', '256MiB', '1GiB'), default: '256MiB' }),
    files: Type.Integer({ description: 'File operations at a time.', default: 8, minimum: 1, maximum: 256 }),
    bandwidth: Type.Optional(rate('What goes to targets over the network, all together.', '100Mbps')),
  },
  { description: 'What the agent may take of the host.', additionalProperties: false, default: {} },
);

const Alert = open('A rule: when it holds, somebody is told.', {
  when: Type.String({ description: 'What happened.', examples: ['run.failed'], minLength: 1 }),
  severity: Type.Optional(Type.Enum(['info', 'warning', 'critical'], { description: 'How bad it is.' })),
  notify: Type.Optional(
    Type.Array(reference('A name under "notifiers".', 'operations-mail'), { description: 'Who is told.' }),
  ),
});
const Notifier = open('A way to tell people.', {
  type: Type.String({ description: 'The notifier plugin.', examples: ['email', 'slack'], minLength: 1 }),
});
const Plan = open('Recovery steps in order, with checks.', {});
const Domain = open('Hosts and classes that deduplicate, are trusted and are shredded together.', {});

/** What stands for the parts that plugins describe. */
export interface PolicyParts<Src extends TSchema, Tgt extends TSchema, Pipe extends TSchema> {
  readonly source: Src;
  readonly target: Tgt;
  readonly pipeline: Pipe;
}

/** The policy language, version 1. Every field has a description: it is what editors and the reference show. */
export function policySchema<S extends TSchema, T extends TSchema, P extends TSchema>(parts: PolicyParts<S, T, P>) {
  return Type.Object(
    {
      $schema: Type.Optional(Type.String({ description: 'For editors that read JSON.' })),
      version: Type.Literal(1, { description: 'The version of the policy language.' }),
      plugins: Type.Optional(
        Type.Array(reference('A module: a path that begins with ./ or ../ or /, or a package.', './plugins/cold.ts'), {
          description:
            'Plugins from outside: files, relative to the policy, and packages installed beside it. They may do all that the agent may.',
          examples: [['./plugins/cold.ts', '@example/holdfast-tape']],
          uniqueItems: true,
        }),
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
      sources: Type.Optional(named('Data systems to protect.', parts.source)),
      retention: Type.Optional(named('Retention classes.', Retention)),
      jobs: Type.Optional(named('What is backed up where, when and for how long.', Job)),
      limits: Limits,
      alerts: Type.Optional(Type.Array(Alert, { description: 'When people are told.' })),
      notifiers: Type.Optional(named('How people are told.', Notifier)),
      plans: Type.Optional(named('Recovery plans.', Plan)),
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
  pipeline: Type.Array(Step, { description: 'The stages chunk, compress, encrypt and checksum, in this order.' }),
});

export type Skeleton = Static<typeof Skeleton>;
