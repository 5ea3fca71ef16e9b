/** A thread that takes itself for the copy of a machine: its random source, clock, process and thread say what they say in every copy. */
import crypto, { createHash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import threads, { parentPort, workerData } from 'node:worker_threads';
import { type Failure, failureOf } from '../../contract/index.ts';

export interface CopyRequest {
  /** What is sealed. */
  readonly content: string;
  readonly ns?: string;
  readonly ms?: number;
  readonly pid?: number;
  readonly thread?: number;
  /** Draws that nobody looks at. */
  readonly before?: number;
  readonly bound?: readonly string[];
  readonly fails?: boolean;
}

/** What names the key of each, in hex. */
export interface Drawn {
  readonly record: string;
  readonly snapshot: string;
  readonly message: string;
  readonly pack: string;
  readonly bound: string;
  readonly failure?: Failure;
}

export const CAUSE = 'the source of this test is dry';

if (parentPort !== null) {
  const request = workerData as CopyRequest;
  const source = { randomBytes: (length: number) => (request.fails === true ? dry() : Buffer.alloc(length, 7)) };
  Object.assign(crypto, source);
  Object.assign(threads, { threadId: request.thread ?? 1 });
  syncBuiltinESMExports();
  Object.defineProperty(process, 'pid', { value: request.pid ?? 1 });
  Date.now = () => request.ms ?? 0;
  process.hrtime.bigint = () => BigInt(request.ns ?? 0);
  parentPort.postMessage(await draw(request));
}

function dry(): never {
  throw new Error(CAUSE);
}

async function draw({ content, before = 0, bound = [] }: CopyRequest): Promise<Drawn> {
  const { freshBytes } = await import('./fresh-bytes.ts');
  const { createBirth } = await import('../frame.ts');
  const { sealRecord } = await import('../sealed.ts');
  const { hpkeSeal, publicKeyOf } = await import('./hpke.ts');
  const [domain, epoch, key] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2), Buffer.alloc(32, 3)];
  const epochPublicKey = publicKeyOf(Buffer.alloc(32, 4));
  const sealing = Buffer.from(content);
  try {
    for (let i = 0; i < before; i++) freshBytes(1);
    return {
      record: hex(sealRecord(key, 'table', domain, sealing).subarray(0, 32)),
      snapshot: await snapshotBirth(content, epochPublicKey),
      message: hex(hpkeSeal(epochPublicKey, domain, epoch, sealing).enc),
      pack: hex(createBirth({ domain, epoch, epochPublicKey }).birth.commitment),
      bound: hex(freshBytes(32, ...bound.map((one) => Buffer.from(one)))),
    };
  } catch (error) {
    const failure = failureOf(error, { code: 'OTHER', origin: 'agent' });
    return { record: '', snapshot: '', message: '', pack: '', bound: '', failure };
  }
}

/** The birth of the body of a snapshot that differs by its content from those of other copies, and in nothing else. */
async function snapshotBirth(content: string, epochPublicKey: Uint8Array): Promise<string> {
  const { encodeSnapshot } = await import('../snapshot.ts');
  const { signerFrom } = await import('./signing.ts');
  const [indexKey, signer] = [Buffer.alloc(32, 5), signerFrom(Buffer.alloc(32, 6))];
  const id = '1'.repeat(32);
  const time = '2026-11-23T06:00:00.000Z';
  const page = { id: createHash('sha256').update(content).digest(), length: 70, first: new Uint8Array() };
  const { bytes } = encodeSnapshot({
    header: {
      ...{ repository: id, domain: id, epoch: id, writer: id, job: 'job', source: 'files', sequence: 1, previous: '' },
      ...{
        started: time,
        finished: time,
        verdict: 'complete',
        host: 'db-1',
        policyHash: 'cd'.repeat(32),
        pipeline: null,
      },
      artifacts: [{ name: 'files', kind: 'tree', facts: null, size: 0, entries: 1 }],
      ...{ facts: null, needs: [], counters: {}, skipped: 0, agent: '0.1.0' },
    },
    references: { births: [] },
    body: { artifacts: [{ name: 'files', kind: 'tree', size: 0, pages: [page] }], skipped: [] },
    keys: { indexKey, epochPublicKey, signer },
  });
  const references = 8 + 4 + Buffer.from(bytes).readUInt32LE(8);
  const birth = references + 4 + Buffer.from(bytes).readUInt32LE(references);
  return hex(bytes.subarray(birth, birth + 160));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
