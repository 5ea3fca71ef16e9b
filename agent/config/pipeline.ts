import type { Path } from './diagnostic.ts';
import { isSchema } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import { STAGES, type StageName } from './schema.ts';

/** Why a pipeline cannot do without each stage. */
const NEEDED: Readonly<Record<StageName, string>> = {
  chunk: 'data is stored in chunks; write "chunk: fastcdc"',
  compress: 'write "compress: zstd", or "compress: none" to store as it is',
  encrypt: 'every backup is encrypted, so that the host that wrote it cannot read it; write "encrypt: aes-256-gcm"',
  checksum: 'stored objects are named and checked by it; write "checksum: sha256"',
};

/** Why `later` cannot stand before `earlier`. */
function why(earlier: StageName, later: StageName): string {
  if (later === 'encrypt') {
    return earlier === 'chunk'
      ? 'what is encrypted looks new every time: cut after it, nothing would be stored once only'
      : 'what is encrypted cannot be compressed';
  }
  if (later === 'compress') return 'chunks are found again by their content, which compression would hide';
  return earlier === 'encrypt'
    ? 'the checksum is that of the sealed bytes, so that it can be checked without a key'
    : 'the checksum is that of what is stored, and comes last';
}

/** The order of stages is part of the repository's format: it is written out in a policy to be read, not to be changed. */
export function checkStages(steps: unknown, path: Path): Problem[] {
  if (!Array.isArray(steps)) return [];
  const problems: Problem[] = [];
  const seen = new Set<StageName>();
  for (const [index, step] of steps.entries()) {
    const stage = STAGES.find((name) => isSchema(step) && Object.hasOwn(step, name));
    if (stage === undefined) continue;
    const at = { path: [...path, index, stage], on: 'key' } as const;
    const early = [...seen].find((name) => STAGES.indexOf(name) > STAGES.indexOf(stage));
    if (seen.has(stage)) problems.push({ code: 'HF4003', message: `the stage "${stage}" stands twice`, ...at });
    else if (early !== undefined) {
      const message = `"${stage}" comes before "${early}"; the order is ${STAGES.join(', ')}`;
      problems.push({ code: 'HF4001', message, ...at, hint: why(stage, early) });
    }
    seen.add(stage);
  }
  // A misspelt stage is not missing as well.
  if (steps.length > seen.size && problems.length === 0) return problems;
  for (const stage of STAGES.filter((name) => !seen.has(name))) {
    const message = `pipeline "${path.at(-1)}" has no "${stage}"`;
    problems.push({ code: 'HF4002', message, path, on: 'key', hint: NEEDED[stage] });
  }
  return problems;
}
