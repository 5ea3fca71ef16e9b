import { fail } from '../../contract/index.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { Checkout } from '../output/formats/checkout.ts';
import type { Format, Validation } from '../output/formats/format.ts';
import { harmless, renderGithub } from '../output/formats/github.ts';
import { appendStepSummary } from '../output/formats/github-summary.ts';
import { jsonDocument } from '../output/formats/json.ts';
import { renderJunit } from '../output/formats/junit.ts';
import { sarifLog } from '../output/formats/sarif.ts';
import { renderText } from '../output/formats/text.ts';
import { printable } from '../output/printable.ts';
import { type CheckOptions, checkPolicyFully } from '../policy-check.ts';

export interface ValidateOptions extends CheckOptions {
  readonly format?: Format;
  readonly strict?: boolean;
}

/** Checks the policy, by default from its files alone. Mistakes are data here, so they go to stdout. */
export async function validate(invocation: Invocation, options: ValidateOptions): Promise<Exit> {
  const { terminal } = invocation;
  const format = chooseFormat(options, invocation);
  const validation = await check(invocation, options);
  await write(validation, format, invocation);
  if (validation.valid) terminal.message(`\nNext: ${invocation.command('plan')}`);
  return validation.exit;
}

/** What was asked for; in a step of GitHub Actions that asks for nothing, what GitHub shows beside the lines. */
function chooseFormat({ format }: ValidateOptions, { terminal, env }: Invocation): Format {
  if (terminal.options.json && format !== undefined && format !== 'json') {
    return fail({
      code: 'USAGE',
      message: `--json and --format ${format} are two formats.`,
      origin: 'agent',
      permanent: true,
      hint: '--json is short for --format json.',
    });
  }
  if (terminal.options.json) return 'json';
  return format ?? (onGithub(env) ? 'github' : 'text');
}

function onGithub(env: NodeJS.ProcessEnv): boolean {
  return env['GITHUB_ACTIONS'] === 'true';
}

async function check(invocation: Invocation, options: ValidateOptions): Promise<Validation> {
  const { cwd, env, version } = invocation;
  const { policy, diagnostics, files } = await checkPolicyFully(invocation, options);
  const strict = options.strict === true;
  const fatal = strict ? ['error', 'warning'] : ['error'];
  const valid = !diagnostics.some(({ severity }) => fatal.includes(severity));
  return {
    valid,
    exit: valid ? EXIT.ok : EXIT.policyInvalid,
    strict,
    files,
    diagnostics,
    jobs: policy === undefined ? undefined : Object.keys(policy.jobs).length,
    checkout: Checkout.around(cwd, env),
    version,
  };
}

async function write(validation: Validation, format: Format, invocation: Invocation): Promise<void> {
  const { terminal, cwd, program, env } = invocation;
  const text = () =>
    renderText(validation, { cwd, paint: terminal.paint.data, explain: (code) => `${program} explain ${code}` });
  switch (format) {
    case 'text':
      terminal.data(onGithub(env) ? harmless(text()) : text());
      break;
    case 'json':
      terminal.json(jsonDocument(validation));
      break;
    case 'sarif':
      terminal.json(sarifLog(validation));
      break;
    case 'junit':
      terminal.data(renderJunit(validation));
      break;
    case 'github':
      terminal.data(renderGithub(validation, text()));
      await summarise(validation, invocation);
  }
}

async function summarise(validation: Validation, { env, terminal }: Invocation): Promise<void> {
  const file = env['GITHUB_STEP_SUMMARY'];
  if (!file) return;
  try {
    await appendStepSummary(validation, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.warn(printable(`The summary of the job could not be written: ${reason}`));
  }
}
