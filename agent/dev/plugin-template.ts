import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind } from '../contract/index.ts';

/** What the examples are called: it stands nowhere in them but where a name belongs. */
const SPECIMEN = 'specimen';

/** Names that can begin an identifier, and be told apart in a file system that does not know case. */
export const PLUGIN_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export interface TemplateOptions {
  readonly kind: Kind;
  /** As a policy will call it; matches {@link PLUGIN_NAME}. */
  readonly name: string;
  /** Whether it will be one of the plugins that come with the agent, which a policy does not list. */
  readonly builtin: boolean;
}

/** The files of a plugin to begin with, by name: the example of its kind below `examples`, called otherwise. */
export function templateOf(examples: string, { kind, name, builtin }: TemplateOptions): Map<string, string> {
  const folder = join(examples, kind);
  return new Map(
    readdirSync(folder)
      .sort()
      .map((file) => {
        const text = readFileSync(join(folder, file), 'utf8');
        const own = builtin ? text.replace(/^plugins: .*\n/m, '') : text;
        return [renamed(file, name), renamed(withId(own, name), name)];
      }),
  );
}

function renamed(text: string, name: string): string {
  const camel = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const pascal = camel.charAt(0).toUpperCase() + camel.slice(1);
  return text
    .replaceAll(new RegExp(`${SPECIMEN}(?=[A-Z])`, 'g'), camel)
    .replaceAll('Specimen', pascal)
    .replaceAll(SPECIMEN, name);
}

/** Codecs of different names should not begin with the same id: the name chooses one from 128 to 254. */
function withId(text: string, name: string): string {
  const id = 128 + (createHash('sha256').update(name).digest().readUInt16BE() % 127);
  return text.replace(/\bid: 200,/, `id: ${id},`);
}
