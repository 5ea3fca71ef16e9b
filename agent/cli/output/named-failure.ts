import { type Failure, printable } from '../../contract/index.ts';

/** What befell something that was left out, by name, in one line. Most failures name it themselves; no line does twice. */
export function namedFailure(verb: string, what: string, { message, code }: Pick<Failure, 'message' | 'code'>): string {
  const [name, said] = [printable(what), `${printable(message)} (${code})`];
  return isNamed(name, said) ? `${verb}: ${said}` : `${verb}: ${name}: ${said}`;
}

/** Whether `said` names it: by the whole name, or as the end of a longer path. */
function isNamed(name: string, said: string): boolean {
  for (let at = said.indexOf(name); at >= 0; at = said.indexOf(name, at + 1)) {
    if (/^$|[\s"'`(/]$/.test(said.slice(0, at).slice(-1)) && /^$|^[\s"'`):,;]/.test(said.slice(at + name.length)))
      return true;
  }
  return false;
}
