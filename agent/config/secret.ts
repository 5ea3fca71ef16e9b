import { type Static, Type } from 'typebox';

const name = (description: string, example: string) =>
  Type.Optional(Type.String({ description, examples: [example], minLength: 1 }));

/** Where a secret lies. A policy lives in git, so it holds references only; they are followed when the secret is needed. */
export const Secret = Type.Object(
  {
    credential: name('Name of a systemd credential (LoadCredential=, ImportCredential=).', 's3'),
    env: name('Name of an environment variable.', 'S3_SECRET_KEY'),
    file: name(
      'Path of a file that only the agent can read; a last newline is not part of the secret.',
      '/etc/holdfast/s3',
    ),
  },
  {
    title: 'Secret',
    description: 'Where the secret lies: exactly one of credential, env and file. Never the secret itself.',
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
  },
);

export type Secret = Static<typeof Secret>;
