import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { NotifierHarness } from 'holdfast/conformance';
import { plugin } from './index.ts';

/** A server of our own, with the options that lead to it. */
async function serve(answer: RequestListener) {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    options: { url: `http://127.0.0.1:${port}/` },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (server.listening) await once(server.close(), 'close');
    },
  };
}

/** What the suite needs to know: `npm run conformance` and conformance.test.ts take it from here. */
export const harness: NotifierHarness = {
  plugin,
  async inbox() {
    const messages: string[] = [];
    const server = await serve(async (request, response) => {
      messages.push(await text(request));
      response.end();
    });
    return { ...server, received: async () => messages };
  },
  async absent() {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    return server;
  },
  silent: () => serve(() => {}),
};
