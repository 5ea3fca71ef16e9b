import { findPolicyFiles } from '../../config/finding.ts';
import { PolicyFiles } from '../../config/merging/files.ts';
import { isMapping } from '../../config/merging/layer.ts';
import { NAME_PATTERN } from '../../config/name.ts';
import { noVariables } from '../../config/variables.ts';
import type { NameKind } from '../grammar.ts';

/**
 * The names that a policy declares, read from the text of its files alone: a policy that is being written has mistakes, and its
 * names are wanted nevertheless. What is no name as the policy language has them is left out.
 */
export async function policyNames(
  kind: NameKind,
  { policy, cwd }: { readonly policy: string | undefined; readonly cwd: string },
): Promise<readonly string[]> {
  const found = await findPolicyFiles({ cwd, ...(policy !== undefined && { path: policy }) });
  if ('diagnostic' in found) return [];
  const files = new PolicyFiles(noVariables);
  for (const file of found.files) files.read(file);
  const declared = files.documents.flatMap(({ content }) => {
    const section = isMapping(content) ? content[kind] : undefined;
    return isMapping(section) ? Object.keys(section) : [];
  });
  const name = new RegExp(NAME_PATTERN);
  return [...new Set(declared)].filter((key) => name.test(key));
}
