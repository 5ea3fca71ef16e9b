import type { ArgumentGrammar, OptionGrammar, Values, VerbGrammar } from '../grammar.ts';
import { allVerbs } from '../grammar.ts';

/**
 * A script for zsh 5, as a file `_holdfast` in the fpath or sourced after compinit: a function for each verb, which leaves the
 * words to `_arguments`. Names of a policy go through `compadd`, which quotes them, and never through `_call_program`, which
 * would evaluate them.
 */
export function zshCompletion(program: VerbGrammar): string {
  return `#compdef holdfast
# Completions of holdfast for zsh, made by: holdfast completion zsh

# Names from the policy that the command line names, or the one that is found from here upward.
_holdfast_names() {
  local -a names named
  [[ -n $holdfast_policy ]] && named=(--policy "$holdfast_policy")
  names=(\${(f)"$("$holdfast_program" __complete $1 $named 2>/dev/null </dev/null)"})
  _wanted $1 expl "\${1%s} of the policy" compadd -a names
}

${allVerbs(program)
  .map((verb) => verbFunction(verb, program))
  .join('\n')}
_holdfast() {
  local holdfast_program=\${\${(Q)words[1]}/#\\~\\//$HOME/} holdfast_policy=
  integer at
  for ((at = 2; at < CURRENT; at++)); do
    case $words[at] in
      --policy=*) holdfast_policy=\${\${(Q)words[at]#--policy=}/#\\~\\//$HOME/} ;;
      -p | --policy) ((at + 1 < CURRENT)) && holdfast_policy=\${\${(Q)words[at + 1]}/#\\~\\//$HOME/} ;;
    esac
  done
  ${functionName(program)}
}

if [[ $funcstack[1] == _holdfast ]]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`;
}

function verbFunction(verb: VerbGrammar, program: VerbGrammar): string {
  const { path, options, arguments: expected, verbs } = verb;
  const own = options.filter(({ long }) => path.length === 0 || !program.options.some((one) => one.long === long));
  const specs = [...own, ...(path.length === 0 ? [] : program.options)].map(optionSpec);
  const name = functionName(verb);
  if (verbs.length === 0) {
    const all = [...specs, ...expected.map(argumentSpec)];
    return `${name}() {\n  _arguments -s ${lines(all)}\n}\n`;
  }
  const described = verbs.map((below) => quoted(`${below.path.at(-1)}:${below.summary}`));
  const cases = verbs.map((below) => `        ${below.path.at(-1)}) ${functionName(below)} ;;`);
  return `${name}() {
  local curcontext=$curcontext state line ret=1
  local -A opt_args
  local -a verbs
  verbs=(
    ${described.join('\n    ')}
  )
  _arguments -C -s -A '-*' ${lines([...specs, "'1: :->verb'", "'*:: :->argument'"])} && ret=0
  case $state in
    verb) _describe -t verbs verb verbs && ret=0 ;;
    argument)
      curcontext=\${curcontext%:*:*}:holdfast-$words[1]:
      case $words[1] in
${cases.join('\n')}
      esac && ret=0
      ;;
  esac
  return ret
}
`;
}

function functionName({ path }: VerbGrammar): string {
  return ['_holdfast_', ...path].join('_').replace(/_$/, '_program');
}

function lines(specs: readonly string[]): string {
  return `\\\n    ${specs.join(' \\\n    ')}`;
}

/** `'(-p --policy)'{-p,--policy=}'[the policy]:file:_files'`; see zshcompsys(1), _arguments. */
function optionSpec({ short, long, description, value }: OptionGrammar): string {
  const text = `[${description.replace(/[[\]\\]/g, '\\$&')}]`;
  const takes = value === undefined ? '' : `:${escaped(value.name)}:${action(value.values)}`;
  const named = value === undefined ? long : `${long}=`;
  if (short === undefined) return quoted(`${named}${text}${takes}`);
  return `'(${short} ${long})'{${short},${named}}${quoted(text + takes)}`;
}

function argumentSpec({ name, variadic, required, values }: ArgumentGrammar): string {
  return quoted(`${variadic ? '*' : ''}${required || variadic ? ':' : '::'}${escaped(name)}:${action(values)}`);
}

function action(values: Values): string {
  switch (values.kind) {
    case 'any':
      return ' ';
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'names':
      return `{_holdfast_names ${values.of}}`;
  }
}

function escaped(text: string): string {
  return text.replace(/[:\\]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
