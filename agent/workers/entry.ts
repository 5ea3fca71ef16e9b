import { failureOf } from '../contract/index.ts';
import type { ChunkRefs, FromWorker, ReadRequest, Reply, StoreRequest, Task } from './messages.ts';
import { Reading } from './reading.ts';
import { Storing } from './storing.ts';

const NO_REQUEST = -1;

interface Session {
  answer(request: (StoreRequest | ReadRequest) & { readonly n: number }): Reply;
}

/**
 * The one long task of a worker: opens its side of the session, answers requests one at a time and in order, and ends with
 * `finish`. A failure is answered as data; the main thread decides that the session is over and raises the cancel flag.
 */
export default async function session(task: Task): Promise<void> {
  const { port, setup } = task;
  let side: Session;
  try {
    side = (setup.kind === 'store' ? await Storing.create(setup, task) : await Reading.create(setup)) as Session;
  } catch (error) {
    // As data, like any other: what is thrown out of a worker loses its code on the way.
    const failure = failureOf(error, { code: 'WORKER_FAILED', origin: 'agent' });
    port.postMessage({ kind: 'failed', n: NO_REQUEST, failure } satisfies FromWorker);
    return;
  }
  await new Promise<void>((resolve) => {
    port.on('message', (request: (StoreRequest | ReadRequest) & { readonly n: number }) => {
      const reply = attempt(() => side.answer(request), request.n);
      port.postMessage(reply, transfers(reply));
      // The main thread closes the ports: closing here could overtake the reply.
      if (request.kind === 'finish') resolve();
    });
    port.on('close', resolve);
  });
}

function attempt(work: () => Reply, n: number): FromWorker {
  try {
    return work();
  } catch (error) {
    return { kind: 'failed', n, failure: failureOf(error, { code: 'WORKER_FAILED', origin: 'agent' }) };
  }
}

function refBuffers(refs: ChunkRefs): ArrayBuffer[] {
  return [refs.refs.buffer as ArrayBuffer, refs.slots.buffer as ArrayBuffer];
}

function transfers(reply: FromWorker): ArrayBuffer[] {
  if (reply.kind === 'give') return [reply.data.buffer as ArrayBuffer];
  if (reply.kind === 'files') return [...refBuffers(reply.stored)];
  if (reply.kind === 'chunks') return [...refBuffers(reply.stored), reply.data.buffer as ArrayBuffer];
  return [];
}
