import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { PolicyDocument } from '../../config/document.ts';
import { NAME_PATTERN } from '../../config/name.ts';
import { searchFolder, searchUpward } from '../../config/search.ts';
import type { NameKind } from '../grammar.ts';

const LARGEST_BYTES = 1024 * 1024;

/**
 * The names that a policy declares, read from its text alone: a policy that is being written has mistakes, and its names are
 * wanted nevertheless. What is no name as the policy language has them is left out. Throws what reading the file throws.
 */
export async function policyNames(
  kind: NameKind,
  { policy, cwd }: { readonly policy: string | undefined; readonly cwd: string },
): Promise<readonly string[]> {
  const file = policy === undefined ? await found(cwd) : await named(path.resolve(cwd, policy));
  if (file === undefined || (await stat(file)).size > LARGEST_BYTES) return [];
  const { content } = new PolicyDocument(file, await readFile(file, 'utf8'));
  const declared = isObject(content) ? content[kind] : undefined;
  if (!isObject(declared)) return [];
  const name = new RegExp(NAME_PATTERN);
  return Object.keys(declared).filter((key) => name.test(key));
}

/** As where a policy is loaded, one that anybody could have left here is not used unasked. */
async function found(cwd: string): Promise<string | undefined> {
  const policy = await searchUpward(cwd);
  return policy?.doubtful === undefined ? policy?.file : undefined;
}

async function named(place: string): Promise<string | undefined> {
  return (await stat(place)).isDirectory() ? searchFolder(place) : place;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
