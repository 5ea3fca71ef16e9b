import type { Json } from '../contract/index.ts';
import type { CodeName } from './codes.ts';

/** Where the values of variables come from. */
export interface Variables {
  lookUp(name: string): string | undefined;
  /**
   * What a variable that is set nowhere and has no default is: `unknown` where the environment that counts is another one
   * (validation in CI), `missing` where it is this one.
   */
  readonly unset: 'unknown' | 'missing';
}

/** Static validation: no environment is read. */
export const noVariables: Variables = { lookUp: () => undefined, unset: 'unknown' };

export function variablesOf(env: Readonly<Record<string, string | undefined>>, unset: Variables['unset']): Variables {
  return { lookUp: (name) => (Object.hasOwn(env, name) ? env[name] : undefined), unset };
}

/** Something to say of a value that names variables. */
export interface Remark {
  readonly code: CodeName;
  readonly message: string;
  readonly hint?: string;
  readonly suggestion?: string;
}

export interface Expansion {
  readonly value: Json;
  /** Part of the value is not known here, so that its form says nothing. */
  readonly unknown: boolean;
  readonly remarks: readonly Remark[];
}

/** `$${` is a plain `${`; the rest begins a variable, which may be malformed. */
const REFERENCE = /\$\$\{|\$\{([^{}$]*)\}|\$\{/g;
const PARTS = /^([A-Za-z_][A-Za-z0-9_]*)(?::([-?])(.*))?$/s;
const SECRET =
  /(^|_)(PASS|PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|PRIVATE|SECRET)_?KEY)(_|$)/i;

export function namesVariables(text: string): boolean {
  return text.includes('${');
}

/**
 * Puts values in the place of `${NAME}`, `${NAME:-default}` and `${NAME:?what it is for}`, as a shell does: an empty value
 * counts as none. A `plain` scalar (one without quotes) is read again as YAML reads it, so that numbers are numbers.
 */
export function expand(text: string, plain: boolean, variables: Variables): Expansion {
  const remarks: Remark[] = [];
  let unknown = false;
  const value = text.replace(REFERENCE, (whole, inside: string | undefined) => {
    if (whole === '$${') return '${';
    const [, name, operator, rest = ''] = PARTS.exec(inside ?? '') ?? [];
    if (name === undefined) {
      remarks.push(malformed(inside));
      unknown = true;
      return whole;
    }
    const found = SECRET.test(name) ? undefined : variables.lookUp(name) || undefined;
    if (SECRET.test(name)) remarks.push(secret(name));
    else if (found === undefined && operator !== '-')
      remarks.push(unset(name, operator === '?' ? rest : '', variables));
    if (found !== undefined) return found;
    if (operator === '-') return rest;
    unknown = true;
    return whole;
  });
  return { value: plain && !unknown ? reread(value) : value, unknown, remarks };
}

function malformed(inside: string | undefined): Remark {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)[-=](.*)$/s.exec(inside ?? '') ?? [];
  const hint = 'write ${NAME}, ${NAME:-default} or ${NAME:?what it is for}; $${ is a plain ${';
  const message = inside === undefined ? 'this variable is never closed, or holds another' : 'this is not a variable';
  const suggestion = name === undefined ? undefined : `\${${name}:-${value}}`;
  return { code: 'HF1014', message, hint, ...(suggestion !== undefined && { suggestion }) };
}

function secret(name: string): Remark {
  const message = `\${${name}} would write a secret into the policy, from where it gets into reports and logs`;
  return { code: 'HF2011', message, hint: `refer to it where a secret belongs: { env: ${name} }` };
}

function unset(name: string, purpose: string, { unset: which }: Variables): Remark {
  const why = purpose === '' ? '' : `: ${purpose}`;
  if (which === 'missing') {
    const hint = `set ${name}, or give it a default: \${${name}:-…}`;
    return { code: 'HF5002', message: `the variable ${name} is not set${why}`, hint };
  }
  const message = `${name} is not looked up here, so that nothing is said of this value${why}`;
  return { code: 'HF5001', message, hint: '`holdfast validate --resolve` looks it up where it is set' };
}

/** The core schema of YAML 1.2, as far as values of variables need it. */
function reread(text: string): Json {
  if (/^[-+]?\d{1,15}$/.test(text) || /^[-+]?(\d+\.\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  return /^(~|null|Null|NULL|)$/.test(text) ? null : text;
}
