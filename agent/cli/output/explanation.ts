import type { CodeGroup, ExplainedCode } from '../../config/explanations/explanations.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { wrapWords } from './wrap.ts';

const COLUMNS = 96;
const WHY = { error: 'Why it is an error', warning: 'Why it is a warning', note: 'Why it is noted' } as const;
const plain: Paint = (_tone, text) => text;

/** One code for people: its title, what it means, why, the wrong and the right, what to do. */
export function renderExplained(explained: ExplainedCode, paint: Paint): string {
  const { code, severity, title } = explained;
  const tone = { error: 'red', warning: 'yellow', note: 'cyan' } as const;
  const head = `${paint(tone[severity], `${severity}[${code}]`)} ${paint('bold', title)}\n`;
  return `${head}\n${explanationText(explained, paint)}`;
}

/** The same without the title, in lines of at most 96 columns. */
export function explanationText({ severity, explanation }: ExplainedCode, paint: Paint = plain): string {
  const { means, why, wrong, right, remedy } = explanation;
  const prose = (text: string) => `${wrapWords(text, COLUMNS).join('\n')}\n`;
  const part = (name: string, body: string) => `\n${paint('bold', name)}\n${body}`;
  const lines = (text: string) => text.split('\n').map((line) => `    ${line}\n`);
  return [
    prose(means),
    part(WHY[severity], prose(why)),
    part('Wrong', lines(wrong).join('')),
    part('Right', lines(right).join('')),
    part('What to do', prose(remedy)),
  ].join('');
}

/** The same as Markdown. */
export function explanationMarkdown({ severity, explanation }: ExplainedCode): string {
  const { means, why, wrong, right, remedy, examples } = explanation;
  // What is no text of a policy is a command.
  const language = typeof examples === 'object' && !/^[a-z-]+:/.test(wrong) ? 'sh' : 'yaml';
  const block = (text: string) => `\`\`\`${language}\n${text}\n\`\`\``;
  const reason = `**${WHY[severity]}:** ${why}`;
  return `${means}\n\n${reason}\n\nWrong:\n\n${block(wrong)}\n\nRight:\n\n${block(right)}\n\n**What to do:** ${remedy}\n`;
}

/** All codes with their titles, by what they are about. */
export function renderCodes(groups: readonly CodeGroup[], paint: Paint): string {
  const columns = [{ title: 'CODE' }, { title: 'SEVERITY' }, { title: 'TITLE' }];
  const table = ({ prefix, title, codes }: CodeGroup) => {
    const rows = codes.map((one) => [one.code, one.severity, one.title]);
    return `${paint('bold', `${prefix}  ${title}`)}\n${renderTable(columns, rows, paint)}`;
  };
  return groups.map(table).join('\n');
}
