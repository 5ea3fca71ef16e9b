import { type ArgumentGrammar, allVerbs, type OptionGrammar, type Values, type VerbGrammar } from '../grammar.ts';

/** A script for fish 3 and newer. Its conditions ask which verb the words before the cursor name, and how many arguments. */
export function fishCompletion(program: VerbGrammar): string {
  const verbs = allVerbs(program);
  return `# Completions of holdfast for fish, made by: holdfast completion fish

# Prints the verb, how many arguments it has, the policy that was named, and the program, each on a line.
function __holdfast_place
    set -l words (commandline -xpc 2>/dev/null; or commandline -opc)
    set -l verb ''
    set -l count 0
    set -l policy ''
    set -l option ''
    for word in $words[2..]
        if test -n "$option"
            contains -- $option -p --policy; and set policy $word
            set option ''
        else if string match -q -- '--policy=*' $word
            set policy (string replace -- '--policy=' '' $word)
        else if string match -q -- '-*' $word
            if contains -- $word ${program.options.flatMap(taking).join(' ')}; or contains -- "$verb $word" ${valued(verbs)}
                set option $word
            end
        else if test $count -eq 0; and contains -- (string trim -- "$verb $word") ${verbs.slice(1).map(pathOf).join(' ')}
            set verb (string trim -- "$verb $word")
        else
            set count (math $count + 1)
        end
    end
    printf '%s\\n' "$verb" $count (string replace -r '^~/' "$HOME/" -- "$policy") (string replace -r '^~/' "$HOME/" -- $words[1])
end

# Whether the cursor is behind this verb; with a number, at this argument of it.
function __holdfast_at --argument-names verb count
    set -l place (__holdfast_place)
    test "$place[1]" = "$verb"; and test -z "$count" -o "$count" = "$place[2]"
end

# Names from the policy that the command line names, or the one that is found from here upward.
function __holdfast_names --argument-names kind
    set -l place (__holdfast_place)
    set -l named
    test -n "$place[3]"; and set named --policy $place[3]
    $place[4] __complete $kind $named 2>/dev/null </dev/null
end

complete -c holdfast -e
complete -c holdfast -f
${verbs.flatMap((verb) => completions(verb)).join('\n')}
`;
}

function completions(verb: VerbGrammar): string[] {
  const { path, verbs, arguments: expected, options } = verb;
  const first = condition(`${pathOf(verb)} 0`);
  return [
    ...verbs.map((below) => `complete -c holdfast ${first} -a ${below.path.at(-1)} -d ${quoted(below.summary)}`),
    ...expected.flatMap((argument, at) => argumentLine(verb, argument, at)),
    ...options.map((option) => optionLine(option, path.length === 0 ? '' : ` ${condition(pathOf(verb))}`)),
  ];
}

function argumentLine(verb: VerbGrammar, { variadic, values }: ArgumentGrammar, at: number): string[] {
  const offered = words(values);
  if (offered === '') return [];
  return [`complete -c holdfast ${condition(`${pathOf(verb)}${variadic ? '' : ` ${at}`}`)}${offered}`];
}

function optionLine({ short, long, description, value }: OptionGrammar, where: string): string {
  const flags = `${short === undefined ? '' : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`;
  const takes = value === undefined ? '' : `${value.values.kind === 'files' ? ' -r' : ' -x'}${words(value.values)}`;
  return `complete -c holdfast${where}${flags}${takes} -d ${quoted(description)}`;
}

function words(values: Values): string {
  switch (values.kind) {
    case 'any':
      return '';
    case 'files':
      return ' -F';
    case 'folders':
      return " -a '(__fish_complete_directories (commandline -ct))'";
    case 'words':
      return ` -a ${quoted(values.words.join(' '))}`;
    case 'names':
      return ` -a '(__holdfast_names ${values.of})'`;
  }
}

function condition(place: string): string {
  return `-n "__holdfast_at ${place}"`;
}

/** The path as one word of fish. */
function pathOf({ path }: VerbGrammar): string {
  return path.length === 1 ? `${path[0]}` : quoted(path.join(' '));
}

/** `'restore --into' …`: every option of a verb whose value follows. */
function valued(verbs: readonly VerbGrammar[]): string {
  const named = verbs.slice(1).flatMap(({ path, options }) => {
    return options.flatMap(taking).map((flag) => quoted(`${path.join(' ')} ${flag}`));
  });
  return named.join(' ');
}

function taking({ short, long, value }: OptionGrammar): string[] {
  return value === undefined ? [] : [short, long].filter((flag) => flag !== undefined);
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
