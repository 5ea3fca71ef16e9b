import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { type CodeName, codes } from '../config/codes.ts';
import { compareDiagnostics, type Diagnostic } from '../config/diagnostic.ts';
import { gatherPolicy } from '../config/gathering.ts';
import { checkEverywhere, type Loaded, policyOf } from '../config/load.ts';
import { pastHolds } from '../config/meaning/holds.ts';
import type { Policy } from '../config/policy.ts';
import { locate, type Problem } from '../config/problem.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { secretReferences } from '../config/secret-references.ts';
import { noVariables, variablesOf } from '../config/variables.ts';
import { type Failure, failureOf } from '../contract/index.ts';
import { probeSource, probeTarget, type SourceProbe } from '../engine/probing.ts';
import { readRecipients } from '../engine/recipients.ts';
import { readSecret } from '../security/secret.ts';
import { builtinPlugins } from './builtin.ts';
import { openEngine } from './engine.ts';
import type { Invocation } from './invocation.ts';
import { noSpan } from './open-repository.ts';
import { recoveryKeyFile } from './recovery-key.ts';

export interface CheckOptions {
  /** Look up variables, secrets and the keys of recipients. */
  readonly resolve?: boolean;
  /** Open every target and source as well. */
  readonly connect?: boolean;
  /** Only as the policy is on this host; by default as it is on each that it speaks of. */
  readonly host?: string;
}

/** Finds the policy and all that is wrong with it, as deep as asked: by default from the policy files alone. */
export async function checkPolicyFully(invocation: Invocation, options: CheckOptions): Promise<Loaded> {
  const { policy: named, cwd, env, stateFolder } = invocation;
  const deep = options.resolve === true || options.connect === true;
  const variables = deep ? variablesOf(env, 'missing') : noVariables;
  const place = { cwd, ...(named !== undefined && { path: named }) };
  const gathered = await gatherPolicy(place, { variables, plugins: builtinPlugins() });
  const loaded = options.host === undefined ? checkEverywhere(gathered, hostname()) : policyOf(gathered, options.host);
  const { policy, plugins } = loaded;
  if (policy === undefined) return loaded;
  const problems: Problem[] = [...keysLyingHere(policy, stateFolder), ...pastHolds(policy, invocation.now())];
  if (deep) problems.push(...(await resolveAll(invocation, policy, plugins)));
  const unresolved = problems.some(({ code }) => codes[code].severity === 'error');
  if (options.connect && !unresolved) problems.push(...(await connectAll(invocation, policy, plugins)));
  return concluded(loaded, problems);
}

function concluded({ policy, diagnostics, ...rest }: Loaded, problems: readonly Problem[]): Loaded {
  const positions = policy?.positions;
  const located = positions === undefined ? [] : problems.map((problem) => locate(problem, positions));
  const all: Diagnostic[] = [...diagnostics, ...located].sort(compareDiagnostics);
  const wrong = policy === undefined || all.some(({ severity }) => severity === 'error');
  return { ...rest, diagnostics: all, ...(wrong ? {} : { policy }) };
}

function keysLyingHere({ recipients }: Policy, stateFolder: string): Problem[] {
  const file = recoveryKeyFile(stateFolder);
  if (!existsSync(file)) return [];
  const message = `the recovery key lies on this host (${file}), where whoever takes the host takes the backups with it`;
  const hint = 'take it off, to two other places';
  const [first] = Object.keys(recipients);
  const at = first === undefined ? ['recipients'] : ['recipients', first];
  return [{ code: 'HF4019', message, path: at, on: 'key', hint }];
}

async function resolveAll(invocation: Invocation, policy: Policy, plugins: PluginRegistry): Promise<Problem[]> {
  const { env, signal, now } = invocation;
  const secrets = secretReferences(policy, plugins).map(async ({ reference, path: at }) =>
    attempted(readSecret(reference, { env, signal }), 'HF5003', at),
  );
  const keys = Object.values(policy.recipients).map((recipient) =>
    attempted(readRecipients([recipient], now()), 'HF5004', ['recipients', recipient.name, 'publicKey']),
  );
  return (await Promise.all([...secrets, ...keys])).flat();
}

async function attempted(work: Promise<unknown>, code: CodeName, at: Problem['path']): Promise<Problem[]> {
  try {
    await work;
    return [];
  } catch (error) {
    return [problemOf(failureOf(error, { code: 'RESOLVE_FAILED', origin: 'policy' }), code, at)];
  }
}

/** Opens everything that the jobs of this host use. What is made for it lies in a folder that goes away again. */
async function connectAll(invocation: Invocation, policy: Policy, plugins: PluginRegistry): Promise<Problem[]> {
  const stateFolder = await mkdtemp(path.join(tmpdir(), 'holdfast-validate-'));
  try {
    await using engine = await openEngine({ ...invocation, stateFolder }, plugins);
    const loan = { engine, span: noSpan, signal: invocation.signal };
    const jobs = Object.values(policy.jobs);
    const targets = new Set(jobs.flatMap((job) => job.targets));
    const sources = new Set(jobs.map((job) => job.source));
    const probes = [
      ...[...targets].map(async (spec) => told(await probeTarget(spec, loan), 'HF5006', ['targets', spec.name])),
      ...[...sources].map(async (spec) => sourceTold(await probeSource(spec, loan), ['sources', spec.name])),
    ];
    return (await Promise.all(probes)).flat();
  } finally {
    await rm(stateFolder, { recursive: true, force: true });
  }
}

/** On the line of the option that is at fault, where that is known. */
function sourceTold({ failure, doubts }: SourceProbe, at: Problem['path']): Problem[] {
  const option = optionOf(failure);
  const problems = told(failure, 'HF5007', [...at, ...option], `source ${at.at(-1)}: `);
  return [
    ...problems.map((problem): Problem => (option.length > 0 ? { ...problem, on: 'value' } : problem)),
    ...doubts.map(({ path: below, message, hint }): Problem => {
      return { code: 'HF5008', message, path: [...at, ...below], on: 'value', hint };
    }),
  ];
}

function optionOf(failure: Failure | undefined): Problem['path'] {
  const detail = failure?.detail;
  const option = typeof detail === 'object' && detail !== null && 'option' in detail ? detail['option'] : undefined;
  return Array.isArray(option) ? option.filter((step) => typeof step === 'string' || typeof step === 'number') : [];
}

function told(failure: Failure | undefined, code: CodeName, at: Problem['path'], what = ''): Problem[] {
  if (failure === undefined) return [];
  return [problemOf({ ...failure, message: `${what}${failure.message}` }, code, at)];
}

function problemOf({ code: cause, message, hint }: Failure, code: CodeName, at: Problem['path']): Problem {
  return { code, message: `${message} (${cause})`, path: at, on: 'key', hint };
}
