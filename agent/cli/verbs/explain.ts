import { isCode } from '../../config/codes.ts';
import { codeGroups, explanationOf } from '../../config/explanations/explanations.ts';
import { nearest } from '../../config/nearest.ts';
import { fail } from '../../contract/index.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { renderCodes, renderExplained } from '../output/explanation.ts';

/** Explains one code that `validate` answered with, or lists them all. Reads nothing. Exit 64 for a code that there is not. */
export async function explain({ terminal, program }: Invocation, wanted: string | undefined): Promise<Exit> {
  const groups = codeGroups();
  const { json } = terminal.options;
  if (wanted === undefined) {
    const brief = groups.map(({ codes, ...group }) => ({
      ...group,
      codes: codes.map(({ explanation: _, ...code }) => code),
    }));
    if (json) terminal.json({ groups: brief });
    else terminal.data(renderCodes(groups, terminal.paint.data));
    return EXIT.ok;
  }
  const code = spelled(wanted);
  if (!isCode(code)) {
    const known = groups.flatMap((group) => group.codes.map((one) => one.code));
    const suggestion = nearest(code, known);
    const hint = suggestion === undefined ? `${program} explain lists them all.` : `Did you mean ${suggestion}?`;
    return failUnknownCode(wanted, hint);
  }
  const explained = explanationOf(code);
  if (json) {
    const { severity, title, explanation } = explained;
    const { means, why, wrong, right, remedy } = explanation;
    terminal.json({ code, severity, title, means, why, wrong, right, remedy });
  } else terminal.data(renderExplained(explained, terminal.paint.data));
  return EXIT.ok;
}

/** `error[hf2003]` and `2003` are meant as HF2003. */
function spelled(wanted: string): string {
  const [, code = wanted] = /\[(.*)\]$/.exec(wanted) ?? [];
  return /^\d+$/.test(code) ? `HF${code}` : code.toUpperCase();
}

function failUnknownCode(wanted: string, hint: string): never {
  fail({
    code: 'USAGE',
    message: `There is no code ${JSON.stringify(wanted)}.`,
    origin: 'agent',
    permanent: true,
    hint,
  });
}
