import type { Explanations } from './explanation.ts';

/** HF5: what a policy can be answered with only after looking at its surroundings. */
export const environment = {
  HF5001: {
    means:
      'A variable has no default, and `validate` does not look it up: it reads no environment unless it is asked to.',
    why: 'The policy is usually checked elsewhere than where it runs. What the value makes of the policy is not known here.',
    remedy: 'Nothing needs to be done. `validate --resolve` looks it up; a default (`${NAME:-value}`) makes it known.',
    wrong: 'targets:\n  local:\n    type: local\n    path: ${BACKUP_FOLDER}/repository',
    right: 'targets:\n  local:\n    type: local\n    path: ${BACKUP_FOLDER:-/backup}/repository',
  },
  HF5002: {
    means: 'A variable is set nowhere, and has no default.',
    why: 'A part of the policy would be empty, and an empty path or name means something else.',
    remedy: 'Set it for the agent (`Environment=` in the unit), or give it a default: `${NAME:-value}`.',
    wrong: 'targets:\n  local:\n    type: local\n    path: ${BACKUP_FOLDER}/repository',
    right: 'targets:\n  local:\n    type: local\n    path: ${BACKUP_FOLDER:-/backup}/repository',
    examples: { untestable: 'It depends on the environment.' },
  },
  HF5003: {
    means:
      'A reference to a secret was followed, and the secret is not there, can be read by others, or could not be printed.',
    why: 'The plugin that needs it would fail at the next run.',
    remedy: 'Put it where the reference says. A file has mode 0600; a credential is named in the unit of systemd.',
    wrong: 'notifiers:\n  chat: { type: slack, webhook: { env: NOT_SET } }',
    right: 'notifiers:\n  chat: { type: slack, webhook: { credential: slack } }',
    examples: { untestable: 'It depends on what lies on the host.' },
  },
  HF5004: {
    means:
      'The public key of a recipient cannot be read, or cannot be used: it is expired, revoked, too weak or no key at all.',
    why: 'Nothing can be sealed for this recipient, so that no run can begin.',
    remedy: 'Put a good key there: `gpg --armor --export <key>`. The path is relative to the policy.',
    wrong: 'recipients:\n  ops: { publicKey: keys/no-such-key.asc }',
    right: 'recipients:\n  ops: { publicKey: keys/ops.asc }',
    examples: { untestable: 'It depends on the file of the key.' },
  },
  HF5006: {
    means: 'A target was opened, and is not there, does not answer, or is not a repository yet.',
    why: 'The next run could not store anything there.',
    remedy:
      'Do what the hint says: mount it, mend its address, or, where there never was a repository, make it with `holdfast init`.',
    wrong: 'targets:\n  local: { type: local, path: /no/such/folder }',
    right: 'targets:\n  local: { type: local, path: /backup }',
    examples: { untestable: 'It depends on what lies on the host.' },
  },
  HF5007: {
    means: 'A source was opened, and is not there, does not answer, or may not be read.',
    why: 'The next run would store nothing of it.',
    remedy: 'Do what the hint says: mend its address, or give the agent the right to read it.',
    wrong: 'sources:\n  app: { type: files, paths: [/no/such/folder] }',
    right: 'sources:\n  app: { type: files, paths: [/srv/app] }',
    examples: { untestable: 'It depends on what lies on the host.' },
  },
  HF5008: {
    means: 'A source was opened, and has nothing that fits a name or pattern in its options.',
    why: 'What is to be left out is not, or what is to be protected is not there: often the name is misspelt.',
    remedy: 'Mend the name, or take it out.',
    wrong: 'sources:\n  db: { type: postgres, connection: { host: /run/postgresql }, exclude: [audit.request] }',
    right: 'sources:\n  db: { type: postgres, connection: { host: /run/postgresql }, exclude: [audit.requests] }',
    examples: { untestable: 'It depends on what the server has.' },
  },
} satisfies Explanations<'HF5'>;
