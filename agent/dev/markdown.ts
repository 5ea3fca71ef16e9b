import { code } from '../config/schema-words.ts';

/** The link that GitHub and others make for a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** A name that leads to a heading of the same page. */
export function link(name: string, heading: string = name): string {
  return `[${code(name)}](#${anchor(heading)})`;
}

export function contents(headings: readonly string[]): string {
  return headings.map((heading) => `- [${heading}](#${anchor(heading)})`).join('\n');
}

export function block(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trimEnd()}\n\`\`\``;
}
