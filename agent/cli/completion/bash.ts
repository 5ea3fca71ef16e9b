import { allVerbs, type OptionGrammar, type Values, type VerbGrammar } from '../grammar.ts';

/**
 * A script for bash 4 and newer. It finds out which verb the words before the cursor name and what is expected there. No word
 * that was typed, no name of a policy and no file name is evaluated: `compgen -W` would do that, so it is not used.
 */
export function bashCompletion(program: VerbGrammar): string {
  const verbs = allVerbs(program);
  return `# Completions of holdfast for bash 4 and newer, made by: holdfast completion bash

# What the value of an option is: _holdfast_value <verb> <option>. Fails where there is none.
_holdfast_value() {
  case "$1 $2" in
${verbs.flatMap((verb) => verb.options.flatMap((option) => valueCase(verb, option))).join('\n')}
    *) return 1 ;;
  esac
}

# What the next argument is: _holdfast_argument <verb> <how many it has>.
_holdfast_argument() {
  case "$1 $2" in
${verbs.flatMap(argumentCases).join('\n')}
  esac
}

_holdfast_options() {
  case $1 in
${verbs.map((verb) => optionsCase(verb, program)).join('\n')}
  esac
}

# Offers what comes in, one a line, where it begins with what was typed. Quoted: a shell reads it next.
_holdfast_offer() {
  local word
  while IFS= read -r word; do
    if [[ -n $word && $word == "$current"* ]]; then
      printf -v word %q "$word"
      COMPREPLY+=("$word")
    fi
  done
}

# A path as it was typed, without its quotes.
_holdfast_unquote() {
  local word=\${1//[\\'\\"]/}
  word=\${word//\\\\/}
  printf %s "\${word/#\\~\\//$HOME/}"
}

_holdfast() {
  local program current=$2 verb='' option='' policy='' count=0 only='' wanted word words at
  program=$(_holdfast_unquote "$1")
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    # bash makes three words of --policy=x.
    if [[ $word == '=' ]]; then
      continue
    elif [[ -n $option ]]; then
      [[ $option == -p || $option == --policy ]] && policy=$(_holdfast_unquote "$word")
      option=''
    elif [[ -z $only && $word == -- ]]; then
      only=arguments
    elif [[ -z $only && $word == -?* ]]; then
      if _holdfast_value "$verb" "$word" >/dev/null; then option=$word; fi
    else
      case "$count $verb $word" in
        ${verbs.filter(isNamed).map(verbPattern).join(' | ')}) verb="\${verb:+$verb }$word" ;;
        *) count=$((count + 1)) ;;
      esac
    fi
  done
  [[ \${COMP_WORDS[COMP_CWORD]} == '=' ]] && current=''
  if [[ -n $option ]]; then
    wanted=$(_holdfast_value "$verb" "$option")
  elif [[ -z $only && $current == -* ]]; then
    wanted=$(_holdfast_options "$verb")
  else
    wanted=$(_holdfast_argument "$verb" "$count")
  fi
  case $wanted in
    files) compopt -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
    'names '*)
      _holdfast_offer < <("$program" __complete "\${wanted#names }" \${policy:+--policy "$policy"} 2>/dev/null </dev/null)
      ;;
    'words '*)
      read -ra words <<<"\${wanted#words }"
      _holdfast_offer < <(printf '%s\\n' "\${words[@]}")
      ;;
  esac
}

complete -F _holdfast holdfast
`;
}

const isNamed = ({ path }: VerbGrammar) => path.length > 0;

/** The verb as the words before it make it: no argument, its path. */
function verbPattern({ path }: VerbGrammar): string {
  const before = path.slice(0, -1).join(' ');
  return `'0 ${before} ${path.at(-1)}'`;
}

function valueCase({ path }: VerbGrammar, { short, long, value }: OptionGrammar): string[] {
  if (value === undefined) return [];
  // What the program itself takes is taken after every verb too.
  const pattern = (flag: string) => (path.length === 0 ? `*' ${flag}'` : `'${path.join(' ')} ${flag}'`);
  const flags = [short, long].filter((flag) => flag !== undefined);
  return [`    ${flags.map(pattern).join(' | ')}) echo '${wanted(value.values)}' ;;`];
}

function argumentCases({ path, arguments: expected, verbs }: VerbGrammar): string[] {
  const name = path.join(' ');
  const below = verbs.map((verb) => verb.path.at(-1));
  const first = below.length === 0 ? [] : [`    '${name} 0') echo 'words ${below.join(' ')}' ;;`];
  const cases = expected.map(
    ({ variadic, values }, at) => `    '${name} '${variadic ? '*' : at}) echo '${wanted(values)}' ;;`,
  );
  return [...first, ...cases];
}

function optionsCase({ path, options }: VerbGrammar, program: VerbGrammar): string {
  const all = [...options, ...(path.length === 0 ? [] : program.options)];
  const flags = all.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
  return `    '${path.join(' ')}') echo 'words ${[...new Set(flags)].join(' ')}' ;;`;
}

function wanted(values: Values): string {
  if (values.kind === 'words') return `words ${values.words.join(' ')}`;
  return values.kind === 'names' ? `names ${values.of}` : values.kind;
}
