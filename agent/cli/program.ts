import { type Command, Option, Command as Program } from 'commander';
import type { Exit } from './exit.ts';
import type { GlobalOptions, Invocation } from './invocation.ts';

/** Carries out one verb: its module is loaded only then, so that `--help` loads nothing but this description. */
export type Action = (invocation: Invocation) => Promise<Exit>;

/** Tells the caller which verb was chosen, with the options that hold for every verb. */
export type Chosen = (options: GlobalOptions, action: Action) => void;

const VERBS = 'Verbs:';

/** The whole command line, described. Parsing calls `chosen` once, and does nothing else. */
export function describeProgram(version: string, chosen: Chosen): Program {
  const program = new Program('holdfast')
    .description('Encrypted, deduplicated backups from a policy in YAML, with recoveries that are rehearsed.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpCommand(new Program('help').argument('[verb]').summary('show the help of a verb').helpGroup(VERBS))
    .option('-p, --policy <file>', 'the policy (default: holdfast.yaml, here or above)')
    .option('--state <folder>', 'where this host keeps keys and catalog')
    .option('--json', 'one JSON document on stdout')
    .option('-q, --quiet', 'warnings and errors only')
    .option('-v, --verbose', 'say more')
    .option('--no-color', 'no colours')
    .usage('[options] <verb> …')
    .commandsGroup(VERBS)
    .configureHelp({ showGlobalOptions: true, subcommandTerm })
    // What commander would print as an error becomes a Failure (main.ts), so that it looks like every other one.
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  examples(program, [
    ['init', 'write a first policy, make a repository and its keys'],
    ['run', 'back up everything the policy names'],
    ['restore files --into ./restored', 'bring the latest backup of the source "files" back'],
  ]);
  const verb = (name: string, summary: string, lines: readonly Example[]) =>
    examples(program.command(name).summary(summary).description(sentence(summary)), lines);
  const act = (command: Command, action: Action) => chosen(command.optsWithGlobals<GlobalOptions>(), action);

  verb('init', 'write a policy, make repository and keys', [
    ['init', 'protect this folder'],
    ['init --yes --protect /srv/www', 'ask nothing'],
  ])
    .option('-y, --yes', 'ask nothing')
    .option('--protect <folder>', 'the folder that a new policy protects (default: here)')
    .option('--passphrase-file <file>', 'read the passphrase of the recovery key from there')
    .action((options, command) => act(command, async (i) => (await import('./verbs/init.ts')).init(i, options)));

  verb('validate', 'check the policy, and say where it is wrong', [
    ['validate', 'the policy found from here upward'],
    ['validate --policy etc/holdfast.yaml --json', 'for a pipeline'],
    ['validate --connect', 'look up secrets, and open every target and source'],
  ])
    .option('--resolve', 'look up variables, secrets and keys as well')
    .option('--connect', 'and open every target and source')
    .option('--host <name>', 'only as the policy is on this host (default: on all)')
    .action((options, command) =>
      act(command, async (i) => (await import('./verbs/validate.ts')).validate(i, options)),
    );

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
  config
    .command('show', { isDefault: true })
    .summary('show the merged policy')
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
    .action((source, options, command) =>
      act(command, async (i) => (await import('./verbs/snapshots.ts')).snapshots(i, source, options)),
    );

  const ls = verb('ls', 'list the files of a snapshot', [
    ['ls files', 'all of the latest'],
    ["ls files --at 3f2a91c0 'src/**/*.ts'", 'some of an earlier one'],
  ])
    .argument('<source>', 'name of a source')
    .argument('[pattern...]', 'paths or patterns, as in .gitignore');
  reading(ls).action((source, patterns, options, command) =>
    act(command, async (i) => (await import('./verbs/ls.ts')).ls(i, source, patterns, options)),
  );

  const restore = verb('restore', 'bring files back', [
    ['restore files --into ./restored', 'all of the latest snapshot'],
    ["restore files --into ./restored --at '2026-11-20 14:00' docs", 'one folder as it was then'],
  ])
    .argument('<source>', 'name of a source')
    .argument('[part...]', 'paths or patterns, as in .gitignore')
    .option('--into <folder>', 'where to (default: ./restored-<source>)')
    .addOption(
      new Option('--conflict <what>', 'what becomes of files that are there already')
        .choices(['error', 'skip', 'replace'])
        .default('error'),
    )
    .option('-n, --dry-run', 'say what would be done, and do nothing');
  reading(restore).action((source, parts, options, command) =>
    act(command, async (i) => (await import('./verbs/restore.ts')).restore(i, source, parts, options)),
  );

  const verify = verb('verify', 'check that backups can be restored', [
    ['verify', 'every object against its checksum; needs no key'],
    ['verify files --level restore', 'restore the latest snapshot to a scratch folder'],
  ])
    .argument('[source]', 'name of a source')
    .addOption(
      new Option('--level <level>', 'how much is proven')
        .choices(['list', 'checksum', 'decrypt', 'restore'])
        .default('checksum'),
    );
  reading(verify).action((source, options, command) =>
    act(command, async (i) => (await import('./verbs/verify.ts')).verify(i, source, options)),
  );

  const keys = verb('keys', 'list the keys of the repository', [
    ['keys', 'recipients, epochs and writers, with their age'],
    ['keys show 3f2a91c0', 'one of them'],
  ]);
  keys
    .command('list', { isDefault: true })
    .summary('list recipients, epochs and writers')
    .action((_, command) => act(command, async (i) => (await import('./verbs/keys.ts')).listKeys(i)));
  keys
    .command('show')
    .summary('show one of them')
    .argument('<id>', 'the beginning of its id or fingerprint, or the name of a recipient')
    .action((id, _, command) => act(command, async (i) => (await import('./verbs/keys.ts')).showKey(i, id)));

  verb('demo', 'try it: back up, verify, restore, compare', [
    ['demo', "this checkout's own sources"],
    ['demo ~/Documents', 'a folder of yours; it is only read'],
  ])
    .argument('[folder]', 'the folder to protect')
    .action((folder, _, command) => act(command, async (i) => (await import('./verbs/demo.ts')).demo(i, folder)));
  return program;
}

type Example = readonly [arguments_: string, meaning: string];

// Examples come first: most people who ask for help want to see the command, not the grammar.
function examples(command: Command, lines: readonly Example[]): Command {
  const width = Math.max(...lines.map(([arguments_]) => arguments_.length));
  const text = lines.map(([arguments_, meaning]) => `  holdfast ${arguments_.padEnd(width)}  ${meaning}\n`).join('');
  return command.addHelpText('before', `Examples:\n${text}`);
}

/** The options of the verbs that read what was backed up. */
function reading(command: Command): Command {
  return command
    .option('--at <point>', 'latest, the id of a snapshot, or a time', 'latest')
    .option('--key <file>', "the recipient's private key (default: the recovery key in the state folder)")
    .option('--passphrase-file <file>', 'read its passphrase from there')
    .addOption(target());
}

function target(): Option {
  return new Option('--target <target>', 'read from this one alone (default: from all)');
}

function subcommandTerm(command: Command): string {
  const arguments_ = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? ` <${name}>` : ` [${name}]`;
  });
  return `${command.name()}${arguments_.join('')}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
