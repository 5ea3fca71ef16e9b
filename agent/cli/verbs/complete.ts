import { policyNames } from '../completion/policy-names.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { NameKind } from '../grammar.ts';
import type { Invocation } from '../invocation.ts';

/** For the scripts: names from the policy, one a line. Whatever is wrong, nobody who pressed Tab wants to read of it now. */
export async function complete({ terminal, policy, cwd }: Invocation, kind: string | undefined): Promise<Exit> {
  if (!isNameKind(kind)) return EXIT.ok;
  const names = await policyNames(kind, { policy, cwd }).catch(() => []);
  for (const name of names) terminal.data(`${name}\n`);
  return EXIT.ok;
}

function isNameKind(kind: string | undefined): kind is NameKind {
  return kind === 'jobs' || kind === 'sources' || kind === 'targets';
}
