/**
 * `npm run conformance -- <module> …`: holds the plugin that each module exports to the contract, and says of every obligation
 * whether it is kept. A module is a file, its folder, or an installed package.
 */
import { fileURLToPath } from 'node:url';
import { failureOf, type Json } from 'holdfast/plugin';
import { runCheck } from '../kit/suite.ts';
import { obligationsOf } from './obligations.ts';
import { loadPluginModule } from './plugin-module.ts';

const CHECK_MS = 60_000;
const LINES = 16;
const COLUMNS = 160;

/** Resolves to whether the plugin keeps every obligation; each line is written when it is known. */
export async function tryModule(name: string, cwd: string, write: (text: string) => void): Promise<boolean> {
  const module = await loadPluginModule(name, cwd);
  const { kind, name: called, version } = module.plugin;
  const obligations = obligationsOf(module);
  write(`${kind} ${called} ${version}\n`);
  let broken = 0;
  for (const obligation of obligations) {
    const { failure, facts } = await runCheck(obligation, undefined, CHECK_MS);
    if (failure !== undefined) broken++;
    const mark = failure === undefined ? (isExempt(facts) ? '–' : '✔') : '✖';
    write(`  ${mark} ${obligation.name}${facts === undefined ? '' : `  ${JSON.stringify(facts)}`}\n`);
    if (failure !== undefined) write(`      ${brief(failure.message)}\n      the contract: ${obligation.holds}\n`);
  }
  write(`${obligations.length} obligations, ${broken === 0 ? 'all kept' : `${broken} broken`}\n`);
  return broken === 0;
}

/** The beginning of what was found: of two systems that differ, all that they hold may stand in it. */
function brief(message: string): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  const shown = lines.slice(0, LINES).map((line) => (line.length > COLUMNS ? `${line.slice(0, COLUMNS)}…` : line));
  return [...shown, ...(lines.length > LINES ? [`… ${lines.length - LINES} lines more`] : [])].join('\n      ');
}

/** Whether a check says that it did not apply. */
function isExempt(facts: Json | undefined): boolean {
  return typeof facts === 'object' && facts !== null && ('notOffered' in facts || 'exempt' in facts);
}

async function main(names: readonly string[]): Promise<number> {
  if (names.length === 0) {
    process.stderr.write('usage: npm run conformance -- <module or its folder, or an installed package> …\n');
    return 1;
  }
  let kept = true;
  for (const name of names) {
    try {
      // npm runs scripts in the root of the package; a person means paths from where they stand.
      const cwd = process.env['INIT_CWD'] ?? process.cwd();
      kept = (await tryModule(name, cwd, (text) => process.stdout.write(text))) && kept;
    } catch (thrown) {
      const { message, hint } = failureOf(thrown, { code: '', origin: 'agent' });
      process.stderr.write(`✖ ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`);
      kept = false;
    }
  }
  return kept ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
