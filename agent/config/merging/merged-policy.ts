import { isDeepStrictEqual } from 'node:util';
import { codes } from '../codes.ts';
import type { Diagnostic, Path } from '../diagnostic.ts';
import type { PolicyDocument } from '../document.ts';
import type { PolicyFiles } from './files.ts';
import { isMapping, joined, type Layer, merge, withoutParts } from './layer.ts';

/** Lists without names: what several files add to them is kept. */
const JOINED = ['alerts', 'plugins'];

/** What concerns one file and not the policy. */
const ofTheFile = (name: string) => name === 'include' || name === '$schema' || name.startsWith('x-');

/**
 * One policy of all its files. What includes wins over what it includes; two files of which neither includes the other must
 * not say different things, since which of them counts would depend on their names.
 */
export function mergeFiles(files: PolicyFiles): { policy: Layer | undefined; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const choose = (under: Layer, over: Layer, path: Path): Layer => {
    const [lower, upper] = [under.origin.document, over.origin.document];
    if (Array.isArray(under.value) && Array.isArray(over.value) && JOINED.includes(path.join('.'))) {
      return joined(under, over);
    }
    if (lower === upper || files.includes(upper.file, lower.file)) return over;
    if (files.includes(lower.file, upper.file) || isDeepStrictEqual(under.value, over.value)) return under;
    diagnostics.push(contradiction(under, over, path));
    return under;
  };
  // A file that is no mapping has nothing to merge. One that stands alone is answered where the policy is checked.
  const several = files.documents.length > 1;
  const odd = files.documents.filter(({ content }) => several && !isMapping(content));
  diagnostics.push(...odd.map(noMapping));
  const [first, ...others] = files.documents.filter((document) => !odd.includes(document)).map(layerOf);
  if (first === undefined) return { policy: undefined, diagnostics };
  return { policy: others.reduce((merged, next) => merge(merged, next, choose), first), diagnostics };
}

function layerOf(document: PolicyDocument): Layer {
  return withoutParts({ value: document.content, origin: { document, path: [] } }, ofTheFile);
}

function noMapping(document: PolicyDocument): Diagnostic {
  const { severity } = codes.HF2003;
  const message = 'a file of a policy must be a mapping: sections with their names';
  return { severity, code: 'HF2003', message, ...document.valueAt([]) };
}

function contradiction(under: Layer, over: Layer, path: Path): Diagnostic {
  const first = under.origin.document.valueAt(under.origin.path);
  const second = over.origin.document.valueAt(over.origin.path);
  return {
    severity: codes.HF1017.severity,
    code: 'HF1017',
    message: `"${path.join('.')}" is something else in ${first.at.file}:${first.at.line}`,
    ...second,
    hint: 'say it in one file only, or let one file include the other: what includes wins',
    related: [{ message: 'the other value', at: first.at }],
  };
}
