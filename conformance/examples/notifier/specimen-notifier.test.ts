import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { lendHost } from 'holdfast/conformance';
import { failureOf } from 'holdfast/plugin';
import { SpecimenNotifier } from './specimen-notifier.ts';

const event = {
  id: '1',
  rule: 'run.failed',
  severity: 'critical',
  at: '2026-11-23T04:05:06.789Z',
  title: 'orders',
  text: 'failed',
  resolved: false,
} as const;

/** The failure of a message that a server answers with `status`. */
async function answered(status: number) {
  const server = createServer((_, response) => response.writeHead(status, { location: '/elsewhere' }).end('no'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await using host = await lendHost();
  const { port } = server.address() as AddressInfo;
  const notifier = new SpecimenNotifier({ url: `http://127.0.0.1:${port}/secret-token` }, host);
  try {
    await notifier.notify(event);
    return undefined;
  } catch (thrown) {
    return failureOf(thrown, { code: '', origin: 'agent' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('specimen', () => {
  it('takes 2xx for yes, and tells what may change from what will not', async () => {
    assert.equal(await answered(204), undefined);
    for (const status of [429, 500, 503]) assert.equal((await answered(status))?.permanent, false, `${status}`);
    for (const status of [302, 400, 404]) assert.equal((await answered(status))?.code, 'NOTIFIER_REFUSED', `${status}`);
  });

  it('does not repeat what follows the name of the server', async () => {
    const failure = await answered(404);
    assert.ok(failure !== undefined && !JSON.stringify(failure).includes('secret'), `${failure?.message}`);
  });
});
