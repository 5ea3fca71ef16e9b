import { type Failure, fail } from '../contract/index.ts';
import { type HostKeys, loadHostKeys } from '../repository/keys/host-keys.ts';
import { readMarker, readRepositoryId } from '../repository/marker.ts';
import type { Store } from '../repository/store.ts';
import type { KnownWriter } from '../repository/writers.ts';

/** What this host writes with, when it was set up for the repository that the targets hold: `NOT_INITIALISED`, `REPOSITORY_OTHER`. */
export async function hostKeysFor(store: Store, stateFolder: string): Promise<HostKeys> {
  const host = await loadHostKeys(stateFolder);
  if (host === undefined) {
    return fail({
      code: 'NOT_INITIALISED',
      message: `this host has no keys yet (looked in ${stateFolder})`,
      origin: 'key',
      permanent: true,
      hint: 'run `holdfast init` with the same policy and as the same user; on one more host of a repository that is there: `holdfast init --join`',
    });
  }
  const marker = await readMarker(store);
  if (marker.id === host.repository) return host;
  // It may be the marker that is wrong.
  for (const target of store.targets) {
    const { problem } = await readRepositoryId(target, host.repository);
    if (problem !== undefined) fail(problem);
  }
  return fail({
    code: 'REPOSITORY_OTHER',
    message: `the targets hold repository ${marker.id}; this host was set up for ${host.repository}`,
    origin: 'target',
    permanent: true,
    hint: 'check the path or bucket of the targets, or use another state folder for another repository',
  });
}

/** Said with every run until it is done: the backup is made all the same, since losing it would be worse. */
export function unapprovedHost(writer: KnownWriter | undefined): Failure {
  return {
    code: 'WRITER_UNAPPROVED',
    message: 'nobody has approved the keys of this host yet: what it backs up is restored on no other machine',
    origin: 'key',
    permanent: true,
    hint: `whoever has a recovery key does it: \`holdfast keys approve ${writer?.code ?? '<code>'} --key <recovery key>\``,
  };
}
