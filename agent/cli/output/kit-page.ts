import { stringify } from 'yaml';
import { quoteWord } from '../invocation.ts';
import type { Kit, KitWriter } from '../kit.ts';
import { printable } from './printable.ts';

/** Where the commands of the page put what they make: below the folder in which they are typed. */
const FOLDER = 'holdfast-recovery';
/** What the page calls the recipient's private key. It is the one thing that is not on it. */
const KEY = 'recovery-key.asc';

/**
 * The kit as a page to be printed: Markdown, plain enough to be read as it is. What stands between ```sh and ``` is typed as it
 * stands, in order.
 */
export function renderKit(kit: Kit, made: { readonly at: Date; readonly version: string }): string {
  const { host, repository, writer, writers, targets, recipients } = kit;
  return `# Recovery kit of ${printable(host)}

For the day ${printable(host)} is gone: what brings its backups back on an empty machine. Made on ${made.at.toISOString().slice(0, 10)} by
Holdfast ${made.version}. There is no secret on this page. Keep it beside the recovery key, and make it anew when the policy changes.

## What is where

- Repository: ${repository}
${targets.map(({ name, type, options }) => `- Target ${printable(name)}: ${type} ${printable(JSON.stringify(options))}\n`).join('')}${recipients.map(({ name, fingerprint }) => `- Can open it: ${printable(name)}, key ${grouped(fingerprint)}\n`).join('')}- Written by: ${writerLine(writer)}
${writers
  .filter(({ id }) => id !== writer.id)
  .map((other) => `- Writes there too: ${writerLine(other)}\n`)
  .join('')}
## What is needed

- A target, mounted or reachable. Where it is in another place than on ${printable(host)}, change that in holdfast.yaml.
- The private key of one of those who can open it, and its passphrase.
- Holdfast: \`npm install --global holdfast\` (Node 24 or newer). Of a checkout of its sources, after \`npm ci\` there:
  \`holdfast() { npm --prefix /path/of/the/checkout run -s holdfast -- "$@"; }\`

## 1. Make a folder with a policy and public keys

\`\`\`sh
mkdir -p ${FOLDER}/keys
cd ${FOLDER}
${fileCommand('holdfast.yaml', stringify(kit.policy, { lineWidth: 0 }))}${recipients.map(({ file, publicKey }) => fileCommand(file, publicKey)).join('')}\`\`\`

Copy the private key into the folder, as ${KEY}.

## 2. See what is there

The code of ${printable(writer.host)} must be the one above: ${writer.code}

\`\`\`sh
export HOLDFAST_STATE="$PWD/state"
holdfast keys
holdfast snapshots
\`\`\`

${approval(writer)}## 3. Bring it back

An earlier one: \`--at '2026-11-20 14:00'\`, or the id of a snapshot. Parts of it: their names behind that of the source.

\`\`\`sh
${kit.sources.map((source) => restoreCommand(source, writer)).join('')}\`\`\`
`;
}

function writerLine({ id, host, code, approvedBy }: KitWriter): string {
  const by = approvedBy.length === 0 ? 'approved by nobody yet' : `approved by ${approvedBy.map(printable).join(', ')}`;
  return `${printable(host)}, writer ${id.slice(0, 8)}, code ${code}, ${by}`;
}

/** Nobody approved this host before it was gone: whoever has the key and this page can still do so. */
function approval({ host, code, approvedBy }: KitWriter): string {
  if (approvedBy.length > 0) return '';
  return `Nobody had approved ${printable(host)} when this page was made, and until somebody does, nothing of it is restored. If the code
that \`holdfast keys\` shows is the one above:

\`\`\`sh
holdfast keys approve ${code} --yes --key ${KEY}
\`\`\`

`;
}

function restoreCommand(source: string, { id }: KitWriter): string {
  const into = quoteWord(`restored/${source}`);
  return `holdfast restore ${quoteWord(source)} --writer ${id.slice(0, 8)} --into ${into} --key ${KEY}\n`;
}

/** A file, written by the shell. Quoted, so that nothing in it is expanded. */
function fileCommand(file: string, content: string): string {
  return `cat > ${quoteWord(file)} <<'HOLDFAST'\n${content}HOLDFAST\n`;
}

// In fours, as gpg shows them.
function grouped(fingerprint: string): string {
  return fingerprint.toUpperCase().replace(/.{4}(?=.)/g, '$& ');
}
