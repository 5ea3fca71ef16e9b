import { lendHost, MemorySink, MemorySnapshot, type StoredTreeEntry } from 'holdfast/conformance';
import type { RestoreRequest } from 'holdfast/plugin';
import { plugin } from './index.ts';

/**
 * Run by permissions.test.ts as a process of its own: gives up root, backs up the folder in the first argument, restores it
 * into the second together with two files of modes and owners that an ordinary user cannot give, and prints what it was told.
 */
async function main(from: string, into: string): Promise<void> {
  const { FilesSource } = await import('./source.ts'); // while everything can still be read
  if (process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(65534);
    process.setuid?.(65534);
  }
  await using host = await lendHost();
  const source = new FilesSource({ paths: [from] }, host);
  const sink = new MemorySink();
  await source.backup({ select: null, parallel: 8, lastOf: () => undefined }, sink);
  const mine = { mode: 0o6755, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1, mtimeNs: 0n };
  const file = (name: string, meta: typeof mine): StoredTreeEntry => ({
    path: Buffer.from(name),
    meta,
    kind: 'file',
    data: Buffer.from(name),
  });
  const part = sink.snapshot().part('files');
  const entries = part?.kind === 'tree' ? part.entries : [];
  const more = [file('z mine', mine), file('z of another', { ...mine, uid: mine.uid + 1 })];
  const snapshot = new MemorySnapshot(
    new Map([['files', { kind: 'tree', facts: null, entries: [...entries, ...more] }]]),
  );
  const request: RestoreRequest = {
    at: 'latest',
    select: null,
    into: { folder: into },
    conflict: 'error',
    parallel: 8,
  };
  const restored = await source.restore(await source.plan(request, snapshot), request, snapshot);
  const denied = await plugin.open({ paths: [`${from}/closed`] }, host);
  const probed = await denied.probe().then(
    () => 'read',
    (error: unknown) => String(error),
  );
  console.log(JSON.stringify({ captured: sink.skipped, restored, probed }));
}

await main(process.argv[2] ?? '', process.argv[3] ?? '');
