import { Argument, type Command, Option, Command as Program } from 'commander';
import { EXIT_MEANINGS, type Exit } from './exit.ts';
import { COLUMNS, INSTALLING, MARKS, PATTERNS, VERSIONS } from './help-notes.ts';
import { addExamples, addNote, type Example } from './help-text.ts';
import type { GlobalOptions, Invocation } from './invocation.ts';
import {
  parseCount,
  parsePart,
  parsePoint,
  parseShare,
  parseSize,
  parseSpan,
  parseTime,
  parseWait,
} from './option-values.ts';

/** Carries out one verb: its module is loaded only then, so that `--help` loads nothing but this description. */
export type Action = (invocation: Invocation) => Promise<Exit>;

/** Tells the caller which verb was chosen, with the options that hold for every verb. */
export type Chosen = (options: GlobalOptions, action: Action) => void;

const VERBS = 'Verbs:';

/** The whole command line, described. Parsing calls `chosen` once, or `say` with the help or the version, and does nothing else. */
export function describeProgram(version: string, chosen: Chosen, say: (text: string) => void = () => {}): Program {
  const program = new Program('holdfast')
    .description('Encrypted, deduplicated backups from a policy in YAML, with recoveries that are rehearsed.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .option('-p, --policy <file>', 'the policy (default: holdfast.yaml, here or above)')
    .option('--state <folder>', 'where this host keeps keys and catalog')
    .option('--json', 'one JSON document on stdout')
    .addOption(new Option('-q, --quiet', 'warnings and errors only, no report of what went well').conflicts('verbose'))
    .option('-v, --verbose', 'say more')
    .option('--no-color', 'no colours')
    .usage('[options] <verb> …')
    .commandsGroup(VERBS)
    .configureHelp({ showGlobalOptions: true, subcommandTerm, optionDescription, argumentDescription })
    // What commander would print as an error becomes a Failure (main.ts), so that it looks like every other one.
    .configureOutput({ outputError: () => {}, writeErr: () => {}, writeOut: say, getOutHasColors: () => false })
    .exitOverride();
  addExamples(program, [
    ['init', 'write a policy, make what it needs'],
    ['run', 'back up everything the policy names'],
    ['restore files --into ./restored', 'bring the source "files" back'],
  ]);
  const verb = (name: string, summary: string, lines: readonly Example[]) =>
    addExamples(program.command(name).summary(summary).description(sentence(summary)), lines);
  const act = (command: Command, action: Action) => chosen(command.optsWithGlobals<GlobalOptions>(), action);

  verb('init', 'write a policy, make repository and keys', [
    ['init', 'protect this folder'],
    ['init --yes --protect /srv/www', 'ask nothing'],
    ['init --join', 'on a second host, with the policy of the first'],
  ])
    .option('-y, --yes', 'ask nothing')
    .addOption(new Option('--join', 'be one more host of a repository that is there').conflicts('protect'))
    .option('--protect <folder>', 'the folder that a new policy protects (default: here)')
    .option('--passphrase-file <file>', 'read the passphrase of the recovery key from there')
    .action((options, command) => act(command, async (i) => (await import('./verbs/init.ts')).init(i, options)));

  verb('validate', 'check the policy, and say where it is wrong', [
    ['validate', 'the policy found from here upward'],
    ['validate --policy etc/holdfast.yaml --json', 'for a program'],
    ['validate --strict --format junit', 'for a pipeline, where warnings fail too'],
    ['validate --connect', 'look up secrets, and open every target and source'],
  ])
    .option('--resolve', 'look up variables, secrets and keys as well')
    .option('--connect', 'and open every target and source')
    .option('--host <name>', 'only as the policy is on this host (default: on all)')
    .addOption(
      new Option('--format <format>', 'how mistakes are written (default: text; in GitHub Actions: github)').choices([
        'text',
        'json',
        'github',
        'sarif',
        'junit',
      ]),
    )
    .option('--strict', 'fail on warnings, too')
    .action((options, command) =>
      act(command, async (i) => (await import('./verbs/validate.ts')).validate(i, options)),
    );

  verb('explain', 'say what a code of validate means', [
    ['explain HF2003', 'why it is an error, and how it is mended'],
    ['explain', 'list all codes'],
  ])
    .argument('[code]', 'a code, as validate shows it')
    .action((code, _, command) => act(command, async (i) => (await import('./verbs/explain.ts')).explain(i, code)));

  verb('plan', 'show what a run would do, and do nothing', [
    ['plan', 'every job of the policy'],
    ['plan home', 'one job'],
    ['plan --diff old.yaml', 'what the policy has otherwise than another, and what follows'],
  ])
    .argument('[job...]', 'names of jobs')
    .option('--diff <policy>', 'compare with this policy instead')
    .option('--markdown', "with --diff: for a pull request's comment")
    .option('--offline', 'ask no target what is stored')
    .action((jobs, options, command) =>
      act(command, async (i) => (await import('./verbs/plan.ts')).plan(i, jobs, options)),
    );

  const config = verb('config', 'show the policy as it is once everything is merged', [
    ['config show --origin', 'with where each value was written'],
    ['config show --host db-1', 'as it is on another host'],
  ]);
  const show = config
    .usage('[options] [verb]')
    .commandsGroup(VERBS)
    .helpCommand(false)
    .command('show', { isDefault: true });
  addExamples(show, [
    ['config show', 'as it is on this host'],
    ['config show --origin', 'with where each value was written'],
  ])
    .summary('show the merged policy')
    .description('Show the policy as it is once files, overrides and defaults are merged.')
    .option('--origin', 'say where each value was written')
    .option('--host <name>', 'as it is on this host (default: this one)')
    .action((options, command) =>
      act(command, async (i) => (await import('./verbs/config.ts')).showConfig(i, options)),
    );

  verb('schema', 'print the JSON Schema of the policy, for editors', [
    ['schema > policy.schema.json', 'with the plugins that the policy brings'],
    ['schema --part', 'for files that a policy includes'],
  ])
    .option('--part', 'for files that are only a part of a policy')
    .action((options, command) => act(command, async (i) => (await import('./verbs/schema.ts')).schema(i, options)));

  verb('run', 'back up: every job, or the ones named', [
    ['run', 'every job of the policy'],
    ['run home mail', 'two of them'],
    ['run --stdin dump.sql --job database', 'what comes in on stdin'],
  ])
    .argument('[job...]', 'names of jobs')
    .option('--stdin <name>', 'store what comes in on stdin, under this name')
    .option('--job <job>', 'the job that --stdin belongs to')
    .action((jobs, options, command) =>
      act(command, async (i) => (await import('./verbs/run.ts')).run(i, jobs, options)),
    );

  verb('snapshots', 'list what was backed up', [
    ['snapshots', 'of every source'],
    ['snapshots files --json', 'of one, for a program'],
  ])
    .argument('[source]', 'name of a source')
    .addOption(target())
    .option('--forgotten', 'those that are wanted no more, and not pruned yet')
    .action((source, options, command) =>
      act(command, async (i) => (await import('./verbs/snapshots.ts')).snapshots(i, source, options)),
    );

  const ls = verb('ls', 'list the files of a snapshot', [
    ['ls files', 'all of the latest'],
    ['ls files --long --depth 1 src/', 'what is in one folder'],
    ["ls files --at 3f2a91c0 'src/**/*.ts'", 'some of an earlier one'],
  ])
    .argument('<source>', 'name of a source')
    .argument('[pattern...]', 'paths or patterns, as in .gitignore')
    .option('-l, --long', 'with mode, owner, size and time')
    .addOption(new Option('--depth <levels>', 'so many levels below what is named').argParser(parseCount));
  addNote(ls, { heading: 'Paths and patterns', lines: PATTERNS });
  addNote(ls, { heading: 'Marks of --long', lines: MARKS });
  reading(ls.addOption(writer())).action((source, patterns, options, command) =>
    act(command, async (i) => (await import('./verbs/ls.ts')).ls(i, source, patterns, options)),
  );

  const find = verb('find', 'say in which snapshots a path is, and where it changed', [
    ['find docs/letter.txt', 'its versions, in all snapshots of all sources'],
    ["find --source files --from 2026-11-01 '*.conf'", 'of one source, since then'],
  ])
    .argument('<pattern...>', 'paths or patterns, as in .gitignore')
    .option('--source <source>', 'only in snapshots of this one')
    .addOption(writer('only in snapshots of this host: its code, or the beginning of its id'))
    .addOption(new Option('--from <point>', 'only from this snapshot or time on').argParser(parsePoint))
    .addOption(new Option('--to <point>', 'only up to this one').argParser(parsePoint))
    .addOption(new Option('--newer <time>', 'only what was modified after that: a time, or 7d').argParser(parseTime))
    .addOption(new Option('--older <time>', 'only what was modified before that').argParser(parseTime))
    .addOption(new Option('--larger <size>', 'only files larger than that: 10MiB').argParser(parseSize));
  addNote(find, { heading: 'Paths and patterns', lines: PATTERNS });
  addNote(find, { heading: 'Columns', lines: VERSIONS });
  unlocking(find).action((patterns, options, command) =>
    act(command, async (i) => (await import('./verbs/find.ts')).find(i, patterns, options)),
  );

  const diff = verb('diff', 'say what changed between two snapshots', [
    ['diff files', 'what the latest has otherwise than the one before'],
    ["diff files '2026-11-20 14:00' latest src/", 'one folder, since then'],
  ])
    .argument('<source>', 'name of a source')
    .argument('[from]', 'a snapshot: its id, a time, latest; previous (the default) is the one before')
    .argument('[to]', 'the other one (default: latest)')
    .argument('[pattern...]', 'paths or patterns, as in .gitignore')
    .option('--content', 'read what other keys or chunk settings keep from being compared');
  unlocking(diff.addOption(writer())).action((source, from, to, patterns, options, command) =>
    act(command, async (i) =>
      (await import('./verbs/diff.ts')).diff(i, source, [from, to, ...patterns].filter(isGiven), options),
    ),
  );
  addNote(diff, { heading: 'Paths and patterns', lines: PATTERNS });
  addNote(diff, { heading: 'Columns', lines: COLUMNS });

  const restore = verb('restore', 'bring files back', [
    ['restore files --into ./restored', 'all of the latest snapshot'],
    ["restore files --into ./restored --at '2026-11-20 14:00' docs", 'one folder as it was then'],
    ['restore files --in-place --dry-run', 'what differs from where it was captured'],
    ['restore files --in-place --yes docs', 'change only that, and ask nothing'],
  ])
    .argument('<source>', 'name of a source')
    .argument('[part...]', 'paths or patterns, as in .gitignore')
    .addOption(new Option('--into <folder>', 'where to (default: ./restored-<source>)').conflicts('inPlace'))
    .option('--in-place', 'to where it was captured; only what differs is changed')
    .addOption(
      new Option(
        '--conflict <what>',
        'what becomes of files that are there already (default: error; with --in-place: replace)',
      ).choices(['error', 'skip', 'replace']),
    )
    .option('--delete', 'also remove what the snapshot does not have, but for what is excluded')
    .option('--checksum', 'compare content, not only size and time')
    .option('--mask <name>', 'replace values by rules of that name, before they leave the agent; of databases')
    .option('--no-owner', 'let what is restored belong to who restores it; of databases')
    .option('--format <name>', 'what is written to a folder; of databases: custom (default) or plain')
    .option('-y, --yes', 'change what is there without asking')
    .option('-n, --dry-run', 'list what would be changed, and do nothing');
  addNote(restore, { heading: 'Paths and patterns', lines: PATTERNS });
  reading(restore.addOption(writer())).action((source, parts, options, command) =>
    act(command, async (i) => (await import('./verbs/restore.ts')).restore(i, source, parts, options)),
  );

  const verify = verb('verify', 'check that backups can be restored', [
    ['verify', 'every object against its checksum; needs no key'],
    ['verify --sample 5% --max-time 10m', 'every night a part, until all was read, and on from there'],
    ['verify files --level restore', 'restore the latest snapshot to a scratch folder'],
    ['verify --history', 'what was verified on each target, when and by whom'],
  ])
    .argument('[source]', 'name of a source')
    .addOption(
      new Option('--level <level>', 'how much is proven')
        .choices(['list', 'checksum', 'decrypt', 'restore'])
        .default('checksum'),
    )
    .addOption(
      new Option(
        '--sample <share>',
        'read, or decrypt, only so much of each target, what was not for longest; not at the levels list and restore',
      ).argParser(parseShare),
    )
    .addOption(
      new Option('--max-time <time>', 'begin to read, or decrypt, nothing more after so long; as --sample').argParser(
        parseSpan,
      ),
    )
    .option('--no-record', 'do not leave on each target, signed, what was found')
    .addOption(
      new Option('--history', 'verify nothing: show what is recorded on each target').conflicts([
        'level',
        'sample',
        'maxTime',
        'key',
      ]),
    );
  unlocking(verify).action((source, options, command) =>
    act(command, async (i) => (await import('./verbs/verify.ts')).verify(i, source, options)),
  );

  verb('forget', 'say which snapshots are wanted no more', [
    ['forget --dry-run', 'what the classes of the policy keep on each target, and why'],
    ['forget --yes', 'say so, and ask nothing; prune deletes'],
    ['forget --undo 3f2a91c0', 'bring one back that was not pruned yet'],
  ])
    .argument('[snapshot...]', 'with --undo: what to bring back')
    .addOption(target('on this one alone (default: on all)'))
    .option('--undo', 'want these snapshots again')
    .option('-n, --dry-run', 'show what stays and why, and do nothing')
    .option('-y, --yes', 'ask nothing')
    .action((ids, options, command) =>
      act(command, async (i) => (await import('./verbs/forget.ts')).forget(i, ids, options)),
    );

  verb('prune', 'delete what no snapshot needs', [
    ['prune --dry-run', 'what would be deleted, marked and moved, and how much room that makes'],
    ['prune --yes --max-time 1h', 'every night: what was marked before is deleted, and more is marked'],
    ['prune --undelete 0s --grace 0s', 'make room now; what was forgotten cannot be brought back then'],
  ])
    .addOption(target('on this one alone (default: on all)'))
    .addOption(
      new Option('--undelete <time>', 'what was forgotten can be brought back for so long (default: 7d)').argParser(
        parseWait,
      ),
    )
    .addOption(
      new Option('--grace <time>', 'delete what was marked so long ago at the least (default: 24h)').argParser(
        parseWait,
      ),
    )
    .addOption(
      new Option('--max-unused <share>', 'how much of what stays may be unused (default: 5%)').argParser(parsePart),
    )
    .addOption(new Option('--max-time <time>', 'begin to move nothing more after so long').argParser(parseSpan))
    .option(
      '--gone <code...>',
      'hosts that are gone for good, by code or id: their unended runs are dead (others: after 30 days)',
    )
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('-y, --yes', 'ask nothing')
    .action((options, command) => act(command, async (i) => (await import('./verbs/prune.ts')).prune(i, options)));

  verb('repair', 'put whole copies in the place of what is damaged or missing', [
    ['repair --dry-run', 'what would be done, and what is lost; needs no key'],
    ['repair --yes', 'move what is damaged to quarantine, and copy it from another target'],
  ])
    .addOption(new Option('--target <target>', 'repair this one alone, from the others (default: all)'))
    .option(
      '--set-aside',
      'also move away damaged packs that no target has whole, so that what they held is stored again',
    )
    .option('--set-aside-sessions', 'also move away damaged sessions of other hosts, when no backup of them is running')
    .option('-y, --yes', 'do it without asking')
    .option('-n, --dry-run', 'list what would be done, and do nothing')
    .action((options, command) => act(command, async (i) => (await import('./verbs/repair.ts')).repair(i, options)));

  const keys = verb('keys', 'list the keys of the repository', [
    ['keys', 'recipients, epochs and writers, with their age'],
    ['keys show 3f2a91c0', 'one of them'],
    ['keys approve k7qm-2x9f-0d4t-hw3c', 'a host, by the code that it shows'],
  ]);
  keys
    .usage('[options] [verb]')
    .commandsGroup(VERBS)
    .helpCommand(false)
    .command('list', { isDefault: true })
    .summary('list recipients, epochs and writers')
    .description('List recipients, epochs and writers.')
    .action((_, command) => act(command, async (i) => (await import('./verbs/keys.ts')).listKeys(i)));
  addExamples(keys.command('show'), [['keys show 3f2a91c0', 'the key whose id begins so']])
    .summary('show one of them')
    .description('Show all that is known of one key.')
    .argument('<id>', 'the beginning of its id or fingerprint, or the name of a recipient')
    .action((id, _, command) => act(command, async (i) => (await import('./verbs/keys.ts')).showKey(i, id)));

  addExamples(keys.command('approve'), [
    ['keys approve k7qm-2x9f-0d4t-hw3c --key recovery-key.asc', 'the host that shows this code'],
    ['keys approve 3f2a91c0 --signature approval-3f2a91c0.sig', 'as a key on a smartcard has signed'],
  ])
    .summary('trust a host that writes here')
    .description(
      'Say with the key of a recipient that a host is who it says, and give it the secrets of the domains it shares by the policy.',
    )
    .argument('<code...>', 'the code that the host shows, or the beginning of its id')
    .option('-y, --yes', 'ask nothing; the host must be named by its code')
    .option('--key <file>', "the recipient's private key (default: the recovery key in the state folder)")
    .option('--passphrase-file <file>', 'read its passphrase from there')
    .option('--signature <file>', 'store what was signed elsewhere: see keys request')
    .option('--statement <file>', 'what was signed (default: the name of the signature, without .sig or .asc)')
    .action((names, options, command) =>
      act(command, async (i) => (await import('./verbs/approve.ts')).approve(i, names, options)),
    );
  addExamples(keys.command('request'), [
    ['keys request 3f2a91c0', 'to be signed by: gpg --detach-sign'],
    [
      'keys request 3f2a91c0 --as escrow --key reader.asc',
      'with the secrets of shared domains, which reader.asc opens',
    ],
  ])
    .summary('write what approves a host, to be signed elsewhere')
    .description('Write the statement that approves a host to a file, for a key that this program cannot use.')
    .argument('<code>', 'the code that the host shows, or the beginning of its id')
    .option('--as <recipient>', 'who will sign (default: the only recipient)')
    .option('--output <file>', 'where to (default: ./approval-<id>)')
    .option('--key <file>', 'a private key that opens the shared domains, whose secrets are to be given too')
    .option('--passphrase-file <file>', 'read its passphrase from there')
    .action((name, options, command) =>
      act(command, async (i) => (await import('./verbs/request.ts')).request(i, name, options)),
    );

  verb('kit', 'print what to keep for the day this host is gone', [
    ['kit > recovery-kit.md', 'a page to print and keep beside the recovery key'],
    ['kit --json', 'for a program'],
  ]).action((_, command) => act(command, async (i) => (await import('./verbs/kit.ts')).kit(i)));

  verb('demo', 'try it: back up, verify, restore, compare', [
    ['demo', "this checkout's own sources"],
    ['demo ~/Documents', 'a folder of yours; it is only read'],
  ])
    .argument('[folder]', 'the folder to protect')
    .action((folder, _, command) => act(command, async (i) => (await import('./verbs/demo.ts')).demo(i, folder)));

  const completion = verb('completion', 'print completions for a shell', [
    ['completion bash', 'the script for bash; zsh and fish have theirs'],
  ])
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action((shell, _, command) =>
      act(command, async (i) => (await import('./verbs/completion.ts')).completion(i, shell, program)),
    );
  addNote(completion, { heading: 'To install it', lines: INSTALLING });
  program
    .command('__complete', { hidden: true })
    .argument('[kind]')
    .allowUnknownOption()
    .allowExcessArguments()
    .action((kind, _, command) => act(command, async (i) => (await import('./verbs/complete.ts')).complete(i, kind)));

  verb('help', 'show the help of a verb', [['help restore', 'the same as: holdfast restore --help']])
    .argument('[verb...]', 'the verb; after keys also list, show, approve or request')
    .action((verbs) => void program.parse(helpArguments(program, verbs), { from: 'user' }));
  addNote(program, {
    heading: 'Exit codes',
    lines: Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `${code.padStart(3)}  ${meaning.brief}`),
  });
  return program;
}

/** What shows the help of a verb; for one that is not there, what says so. */
function helpArguments(program: Command, verbs: readonly string[]): readonly string[] {
  let command: Command | undefined = program;
  for (const name of verbs) command = command?.commands.find((below) => below.name() === name);
  return command === undefined ? verbs : [...verbs, '--help'];
}

/** The options of the verbs that read what was backed up. */
function reading(command: Command): Command {
  return unlocking(
    command
      .option('--at <point>', 'which snapshot: latest, its id, or a time', 'latest')
      .option(
        '--job <job>',
        'only what this job stored (default: of jobs that take all of the source, where there are any)',
      ),
  );
}

/** The options of those that take a private key, and say otherwise which snapshots they read. */
function unlocking(command: Command): Command {
  return command
    .option('--key <file>', "the recipient's private key (default: the recovery key in the state folder)")
    .option('--passphrase-file <file>', 'read its passphrase from there')
    .addOption(target());
}

const WHOSE = "whose backup: a host's code, or the beginning of its id (default: this host's)";

function writer(description = WHOSE): Option {
  return new Option('--writer <code>', description);
}

function isGiven(word: string | undefined): word is string {
  return word !== undefined;
}

function target(description = 'read from this one alone (default: from all)'): Option {
  return new Option('--target <target>', description);
}

function subcommandTerm(command: Command): string {
  const arguments_ = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? ` <${name}>` : ` [${name}]`;
  });
  return `${command.name()}${arguments_.join('')}`;
}

/** `(error, skip or replace; default: error)` */
function optionDescription(option: Option): string {
  const { argChoices, defaultValue } = option;
  const choices = argChoices === undefined ? [] : [oneOf(argChoices)];
  const fallback = typeof defaultValue === 'string' ? [`default: ${defaultValue}`] : [];
  const more = [...choices, ...fallback];
  return more.length === 0 ? option.description : `${option.description} (${more.join('; ')})`;
}

function argumentDescription({ description, argChoices }: Argument): string {
  return argChoices === undefined ? description : `${description}: ${oneOf(argChoices)}`;
}

function oneOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
