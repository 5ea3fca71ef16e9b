import type { Json } from '../../contract/index.ts';
import { isSchema } from '../plugin-options.ts';
import type { Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';

/** Tokens that go over a network for everybody on the way to read. */
export function checkNotifiers({ notifiers }: Policy): Problem[] {
  return Object.values(notifiers).flatMap(({ name, options }): Problem[] => {
    const url = plainUrl(options);
    if (url === undefined) return [];
    const message = `notifier "${name}" sends its token unencrypted to ${url.host}`;
    const hint = 'write https://, or send to a server on this host (localhost)';
    return [{ code: 'HF4023', message, path: ['notifiers', name, 'url'], on: 'value', hint }];
  });
}

/** The address that a token is sent to without encryption, and not to this host. */
function plainUrl(options: Json): URL | undefined {
  if (!isSchema(options) || options['token'] === undefined) return undefined;
  const url = URL.parse(String(options['url']));
  return url?.protocol === 'http:' && !isLoopback(url.hostname) ? url : undefined;
}

/** RFC 6761 (6.3), RFC 1122 (3.2.1.3), RFC 4291 (2.5.3). URL has written addresses in their one form already. */
function isLoopback(host: string): boolean {
  return /^(.+\.)?localhost\.?$/.test(host) || /^127(\.\d+){3}$/.test(host) || host === '[::1]';
}
