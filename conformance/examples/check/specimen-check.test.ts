import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { lendHost } from 'holdfast/conformance';
import { SpecimenCheck } from './specimen-check.ts';

describe('specimen', () => {
  it('says which status there was, and follows no redirection to a better one', async () => {
    const server = createServer(({ url }, response) => {
      if (url === '/good') response.end();
      else response.writeHead(302, { location: '/good' }).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    await using host = await lendHost();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/moved`;
    const finding = await new SpecimenCheck({ url, status: 200 }, host).check();
    const expected = await new SpecimenCheck({ url, status: 302 }, host).check();
    server.closeAllConnections();
    server.close();
    assert.match(finding.failure?.message ?? '', /answered 302, not 200/);
    assert.deepEqual([expected.failure, expected.facts], [undefined, { status: 302 }]);
  });
});
