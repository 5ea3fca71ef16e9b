import { Secret, Type } from '../../contract/index.ts';
import { closed } from '../vocabulary.ts';

const text = (description: string, ...examples: string[]) => Type.String({ description, examples, minLength: 1 });

/** Ways to tell people that are built in, by type. The code behind them comes later. */
export const NOTIFIERS = {
  email: closed('Mail, by SMTP.', {
    type: Type.Literal('email', { description: 'Mail, by SMTP.' }),
    to: Type.Array(text('An address.', 'operations@example.net'), { description: 'Who gets it.', minItems: 1 }),
    from: text('Who it is from.', 'holdfast@example.net'),
    server: text('The SMTP server, and its port unless that is 587.', 'smtp.example.net', 'localhost:25'),
    security: Type.Enum(['tls', 'starttls', 'none'], {
      description: 'How the connection is protected; "none" only for a server on this host.',
      default: 'starttls',
    }),
    user: Type.Optional(text('The name to log in with.', 'holdfast')),
    password: Type.Optional(Secret),
  }),
  slack: closed('A message in a channel of Slack.', {
    type: Type.Literal('slack', { description: 'A message in a channel of Slack.' }),
    webhook: Secret,
    channel: Type.Optional(text('The channel, unless it is that of the webhook.', '#backups')),
  }),
  webhook: closed('An HTTP request to anything.', {
    type: Type.Literal('webhook', { description: 'An HTTP request to anything.' }),
    url: Type.String({
      description: 'Where it goes.',
      examples: ['https://hooks.example.net/holdfast'],
      pattern: '^https?://',
    }),
    token: Type.Optional(Secret),
  }),
  postgres: closed('A row in a table of PostgreSQL.', {
    type: Type.Literal('postgres', { description: 'A row in a table of PostgreSQL.' }),
    host: text('The server, or the folder of its socket.', '/run/postgresql'),
    database: text('The database.', 'operations'),
    table: text('The table; made when it is not there.', 'backup_events'),
    user: Type.Optional(text('The name to log in with.', 'holdfast')),
    password: Type.Optional(Secret),
  }),
};
