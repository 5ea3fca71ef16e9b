import { Secret, Type } from 'holdfast/plugin';
import type { Static } from 'typebox';
import { maskOptions } from './masking/rules.ts';
import { TABLE_FORM } from './name-pattern.ts';

const name = (description: string, example: string) =>
  Type.String({ minLength: 1, pattern: '^[^\\u0000]+$', examples: [example], description });

const tls = Type.Object(
  {
    mode: Type.Union(
      [Type.Literal('disable'), Type.Literal('require'), Type.Literal('verify-ca'), Type.Literal('verify-full')],
      {
        description:
          'Whether the connection is encrypted, and what is checked of the server’s certificate: nothing (`require`), who signed it (`verify-ca`), or also its name (`verify-full`).',
      },
    ),
    ca: Type.Optional(
      Type.String({
        minLength: 1,
        format: 'path',
        examples: ['/etc/ssl/postgres-ca.pem'],
        description: 'Certificates of who may sign the server’s, in PEM; absent: those that the system trusts.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Encryption of the connection. A socket of this host needs none.' },
);

export const connectionOptions = Type.Object(
  {
    host: Type.Optional(
      Type.String({
        minLength: 1,
        default: '/run/postgresql',
        examples: ['db-1.internal'],
        description: 'Name or address of the server, or the folder of its socket.',
      }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, default: 5432, description: 'Its port.' })),
    user: Type.Optional(name('Who the agent is to the server; absent: the user it runs as.', 'holdfast')),
    password: Type.Optional(Secret),
    database: Type.Optional(
      Type.String({
        minLength: 1,
        default: 'postgres',
        description: 'The database that is connected to first, to ask which others there are.',
      }),
    ),
    tls: Type.Optional(tls),
  },
  { additionalProperties: false, description: 'How the server is reached.' },
);

const tableName = Type.String({
  minLength: 1,
  pattern: TABLE_FORM,
  examples: ['public.orders'],
  description:
    'A table, as `table`, `schema.table` or `database.schema.table`; a part with a dot in it stands in double quotes.',
});

const anyName = Type.String({ minLength: 1, pattern: '^[^\\u0000]+$' });

const patterns = (description: string, examples: string[], item: typeof anyName = anyName) =>
  Type.Optional(
    Type.Array(item, {
      minItems: 1,
      examples: [examples],
      description,
    }),
  );

export const postgresOptions = Type.Object(
  {
    connection: connectionOptions,
    databases: patterns('Names of the databases to protect, `*` for any part of a name; absent: all but templates.', [
      'trading',
      'trading_*',
    ]),
    exclude: patterns(
      'Tables whose rows are left out, as `schema.table`, `database.schema.table` or `table`, `*` for any part. Their definitions are kept.',
      ['audit.requests', '*_cache'],
      tableName,
    ),
    parallel: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        default: 4,
        description: 'How many tables are read or written at once, each on a connection of its own.',
      }),
    ),
    readBack: Type.Optional(
      Type.Boolean({
        default: true,
        description:
          'Whether a restore reads every row back from the server and compares it with what was captured. Otherwise only what is sent is compared, and how many rows the server says it took: faster by what that reading takes.',
      }),
    ),
    programs: Type.Optional(
      Type.String({
        minLength: 1,
        format: 'path',
        examples: ['/usr/lib/postgresql/17/bin'],
        description:
          'The folder of pg_dump, pg_dumpall and pg_restore, of the server’s version or a later one; absent: the nearest such version among those installed, then what PATH finds.',
      }),
    ),
    masks: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9_-]*$' }), maskOptions, {
        additionalProperties: false,
        minProperties: 1,
        description:
          'Rules by which a restore replaces values, by a name: `holdfast restore … --mask staging`. Nothing is masked unless it is asked for. How rules are written, and what masking is not: plugins/sources/postgres/masking/MASKING.md.',
      }),
    ),
  },
  { additionalProperties: false },
);

export type PostgresOptions = Static<typeof postgresOptions>;
export type ConnectionOptions = Static<typeof connectionOptions>;

const chosen = (what: string, examples: string[], item: typeof anyName = Type.String({ minLength: 1 })) =>
  Type.Optional(
    Type.Array(item, {
      minItems: 1,
      examples: [examples],
      description: `${what}, \`*\` for any part of a name.`,
    }),
  );

/** A job's `select`: what is captured is in all that are given. */
export const selectOptions = Type.Object(
  {
    databases: chosen('Names of databases', ['trading']),
    schemas: chosen('Names of schemas', ['public']),
    tables: chosen(
      'Tables, as `table`, `schema.table` or `database.schema.table`',
      ['orders', 'public.positions'],
      tableName,
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);

export type Select = Static<typeof selectOptions>;
