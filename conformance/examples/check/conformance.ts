import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CheckHarness } from 'holdfast/conformance';
import { plugin } from './index.ts';

/** A server of our own, with the options that lead to it. */
async function serve(answer: RequestListener) {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    options: { url: `http://127.0.0.1:${port}/health`, status: 200 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (server.listening) await once(server.close(), 'close');
    },
  };
}

/** What the suite needs to know: `npm run conformance` and conformance.test.ts take it from here. */
export const harness: CheckHarness = {
  plugin,
  async system() {
    let status = 200;
    const changes: string[] = [];
    const server = await serve(({ method = '' }, response) => {
      if (method !== 'GET' && method !== 'HEAD') changes.push(method);
      response.writeHead(status).end();
    });
    return {
      ...server,
      async spoil() {
        status = 503;
      },
      async mend() {
        status = 200;
      },
      state: async () => changes,
    };
  },
  async absent() {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    return server;
  },
  silent: () => serve(() => {}),
};
