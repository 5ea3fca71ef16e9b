import { other } from './domain-keys.ts';
import { changed, fixed } from './reference-writer.ts';
import { type Case, hello, pagesOf, read, simple } from './repository-case.ts';
import type { Repository } from './repository-writer.ts';
import { hex } from './vector.ts';

/** The next snapshot of the job, which follows something else than what lies there. */
async function after(r: Repository): Promise<string> {
  const pack = await r.pack('pack', [
    { ordinal: 0, texts: [hello] },
    { ordinal: 1, texts: pagesOf([simple]) },
  ]);
  return r.snapshot({ artifacts: [simple], packs: [pack], previous: 'ff'.repeat(32) });
}

/** What lies where a run was to end that never will. */
export const voids: Readonly<Record<string, Case>> = {
  'a chain that goes over a void': async (r) => {
    await read(r);
    r.void();
    return read(r);
  },
  'a chain that begins with a void': async (r) => {
    r.void();
    return read(r);
  },
  'a void with a snapshot before it that it does not name': async (r) => {
    await read(r);
    r.void({ previous: Buffer.alloc(0) });
    return read(r);
  },
  'a void that names another snapshot before it': async (r) => {
    await read(r);
    const key = r.void({ previous: fixed('another snapshot', 32) });
    return { ...(await read(r)), findings: [[key, 'CHAIN_BROKEN']] };
  },
  'a void that the snapshot after it does not name': async (r) => {
    const first = await read(r);
    r.void();
    // What lay there on another target when its run began.
    return { ...first, read: await after(r) };
  },
  'a void by somebody whom nobody trusts, that the snapshot after it names': async (r) => {
    await read(r);
    r.void({ writer: hex(other.writer) }, other.signer);
    return read(r);
  },
  'a void by somebody whom nobody trusts, that the snapshot after it does not name': async (r) => {
    const first = await read(r);
    r.void({ writer: hex(other.writer) }, other.signer);
    const key = await after(r);
    return { ...first, read: key, findings: [[key, 'CHAIN_BROKEN']] };
  },
  'a void that is damaged': async (r) => {
    await read(r);
    const key = r.void();
    r.put(key, changed(Buffer.from(r.objects[key] ?? '', 'hex'), -1));
    const last = await read(r);
    const findings: [string, string][] = [
      [key, 'SIGNATURE_INVALID'],
      [last.read, 'CHAIN_BROKEN'],
    ];
    return { ...last, findings };
  },
  'a void that is asked for': async (r) => {
    await read(r);
    return { read: r.void(), expect: 'SNAPSHOT_VOID' };
  },
};
