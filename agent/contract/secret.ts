import type { TUnsafe } from 'typebox';

/**
 * Where a secret lies: exactly one of these. `credential`: name of a systemd credential; `env`: name of an environment
 * variable; `file`: absolute path; `command`: a program and its arguments, run without a shell. A last newline of what is read
 * there is not part of the secret.
 */
export interface SecretReference {
  readonly credential?: string;
  readonly env?: string;
  readonly file?: string;
  readonly command?: readonly string[];
}

const name = (description: string, example: string, more: object = {}) => {
  return { type: 'string', description, examples: [example], minLength: 1, ...more };
};

const schema = {
  type: 'object',
  title: 'Secret',
  description: 'Where the secret lies: exactly one of credential, env, file and command. Never the secret itself.',
  properties: {
    credential: name('Name of a systemd credential (LoadCredential=, ImportCredential=).', 's3'),
    env: name('Name of an environment variable.', 'S3_SECRET_KEY', { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
    file: name('A file that only the agent can read; a last newline is not part of it.', '/etc/holdfast/s3', {
      format: 'path',
    }),
    command: {
      type: 'array',
      description:
        'A program that prints it, with its arguments; no shell is involved. A last newline is not part of it.',
      examples: [['pass', 'show', 'holdfast/s3']],
      items: { type: 'string', minLength: 1 },
      minItems: 1,
    },
  },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
};

/**
 * For a plugin's options, wherever a secret belongs: a policy lives in git, so it holds references only. The plugin asks
 * `host.secret(reference)` when it needs the secret, and keeps it no longer than that.
 */
// Written out, as data: whoever only describes a command loads the contract, and no schema library with it.
export const Secret = schema as unknown as TUnsafe<SecretReference>;
