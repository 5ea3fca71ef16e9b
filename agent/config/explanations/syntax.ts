import type { Explanations } from './explanation.ts';

/** HF1: a policy that cannot be found, or whose text cannot be understood. */
export const syntax = {
  HF1001: {
    means: 'No policy was found where Holdfast looked for one, or the file that was named cannot be read.',
    why: 'Without a policy there is nothing to check and nothing to run.',
    remedy:
      'Name the policy with `--policy <file or folder>`, or call Holdfast in its folder or below it. `holdfast init` writes a first one. If the file is there, see that you may read it.',
    wrong: 'holdfast validate --policy hodlfast.yaml',
    right: 'holdfast validate --policy holdfast.yaml',
    examples: { untestable: 'it is about a file, not about what stands in it' },
  },
  HF1002: {
    means: 'The file has bytes that are not UTF-8, as text in another encoding has, or a file that is no text at all.',
    why: 'Read in a guessed encoding, a path with an umlaut would be another path, and would not be backed up.',
    remedy: 'Save the policy as UTF-8. `iconv -f latin1 -t utf-8` turns an old text into one.',
    wrong: 'file holdfast.yaml    # holdfast.yaml: ISO-8859 text',
    right: 'file holdfast.yaml    # holdfast.yaml: Unicode text, UTF-8 text',
    examples: { untestable: 'it is about bytes that no text has' },
  },
  HF1003: {
    means: 'The file has more than 64 MiB.',
    why: 'A policy of ten thousand jobs has about two. A file this large is another file that was named by mistake.',
    remedy: 'Name the policy itself. If it was made by a program, see what that program repeats.',
    wrong: 'holdfast validate --policy dump.json',
    right: 'holdfast validate --policy holdfast.yaml',
    examples: { untestable: 'an example would be larger than all of Holdfast' },
  },
  HF1004: {
    means: 'The text breaks the rules of YAML at this place.',
    why: 'What a parser makes of broken text is a guess, and a guess is no policy.',
    remedy:
      'See that values with a colon and a space, `#`, `{` or `[` in them are in quotes, that keys of one mapping begin in the same column, and that there is one key on each line.',
    wrong: 'limits: memory: 1GiB',
    right: 'limits:\n  memory: 1GiB',
  },
  HF1005: {
    means: 'The same key stands twice in one mapping.',
    why: 'YAML parsers keep the last one and drop the first in silence: of two jobs with one name, only one would run.',
    remedy: 'Take one of them out, or give it the name that was meant.',
    wrong: 'jobs:\n  app: { source: app, targets: [local] }\n  app: { source: app, targets: [local], timeout: 2h }',
    right: 'jobs:\n  app: { source: app, targets: [local], timeout: 2h }',
  },
  HF1006: {
    means: 'A line is indented by a tab.',
    why: 'YAML allows spaces only: how wide a tab is depends on who looks at it.',
    remedy: 'Write two spaces for each tab; most editors can do so for a whole file.',
    wrong: 'jobs:\n\tapp: { source: app, targets: [local] }',
    right: 'jobs:\n  app: { source: app, targets: [local] }',
  },
  HF1007: {
    means: 'A quote, a bracket or a brace is opened here, and never closed.',
    why: 'Everything that follows belongs to it, up to the end of the text.',
    remedy: 'Close it where it ends. The place that is shown is where it was opened.',
    wrong: 'limits: { memory: "1GiB }',
    right: 'limits: { memory: "1GiB" }',
  },
  HF1008: {
    means:
      'An alias (`*name`) names an anchor (`&name`) that does not stand before it, contains itself, or expands to millions of values; or `<<` merges what is no mapping.',
    why: 'It stands for nothing that could be put in its place.',
    remedy: 'Write the anchor before its first alias. Sections that begin with `x-` are a place for anchors.',
    wrong: 'jobs:\n  app: { <<: *nightly, source: app }',
    right: 'x-nightly: &nightly { targets: [local], timeout: 2h }\njobs:\n  app: { <<: *nightly, source: app }',
  },
  HF1009: {
    means: 'A line `---` begins a second document in the same file.',
    why: 'A policy is one document. A second one would be ignored by whatever reads only the first.',
    remedy: 'Put each document into a file of its own, or take the line out.',
    wrong: 'limits: { workers: 2 }\n---\nversion: 1',
    right: 'limits: { workers: 2 }',
  },
  HF1010: {
    means: 'The file is empty, or holds nothing but comments.',
    why: 'A policy that was cut off while it was written looks the same, and would back up nothing.',
    remedy: 'Write a policy, or let `holdfast init` write one to begin with.',
    wrong: '# to be written',
    right: 'version: 1\nrecipients: { ops: { publicKey: keys/ops.asc } }',
    examples: 'policy',
  },
  HF1011: {
    means: 'A key is a list, a mapping or nothing.',
    why: 'Keys are names of fields and of what you declare, and names are text.',
    remedy:
      'Write the name alone. `?` at the beginning of a line, or `{` before a name without a colon after it, make such keys.',
    wrong: 'x-note:\n  ? [a, b]\n  : kept together',
    right: 'x-note:\n  a-b: kept together',
  },
  HF1012: {
    means: 'A value has a tag: a word that begins with `!`.',
    why: 'Tags make other types of text, and what they make depends on the program that reads them. The policy language has none.',
    remedy:
      'Write the value without its tag. Text that begins with `!` is put in quotes. Secrets are references: `{ env: NAME }`.',
    wrong: 'limits: { memory: !env MEMORY }',
    right: 'limits: { memory: 1GiB }',
  },
  HF1013: {
    means: 'Brackets, or indented mappings, stand more than 64 deep in each other.',
    why: 'A policy has about six levels. More of them are a mistake of a program, or an attack on whoever reads the file.',
    remedy: 'See what made the text; brackets that are opened in a loop are never closed.',
    wrong: `x-deep: ${'['.repeat(70)}${']'.repeat(70)}`,
    right: 'x-deep: [[[]]]',
  },
  HF1014: {
    means: 'A `${…}` is not a variable as the policy language writes them, is never closed, or holds another one.',
    why: 'What was meant cannot be told, and a wrong guess would be a wrong path or a wrong number.',
    remedy: 'Write `${NAME}`, `${NAME:-default}` or `${NAME:?what it is for}`. A plain `${` is written `$${`.',
    wrong: 'limits:\n  files: ${FILES-8}',
    right: 'limits:\n  files: ${FILES:-8}',
  },
  HF1015: {
    means: 'A file includes itself, by way of the files it includes.',
    why: 'What includes wins over what it includes: in a circle, nothing can win.',
    remedy: 'Take one of the includes out. The message names the files in their order.',
    wrong: '# a.yaml\ninclude: [b.yaml]\n# b.yaml\ninclude: [a.yaml]',
    right: '# a.yaml\ninclude: [b.yaml]\n# b.yaml\nlimits: { files: 4 }',
    examples: { untestable: 'It takes two files.' },
  },
  HF1016: {
    means: 'A file that is included is not there, cannot be read, is no text, or is a folder.',
    why: 'A part of the policy would be missing, and nobody would notice.',
    remedy: 'Mend the path: it is relative to the file that includes. All files of a folder are `"folder/*.yaml"`.',
    wrong: 'include: [no-such-file.yaml]',
    right: 'include: []',
  },
  HF1017: {
    means: 'Two files say different things about the same field, and neither includes the other.',
    why: 'Which of them counts would depend on the names of the files; renaming one would change what is backed up.',
    remedy: 'Say it in one file only, or let one include the other: what includes wins.',
    wrong: '# conf.d/a.yaml\nlimits: { files: 2 }\n# conf.d/b.yaml\nlimits: { files: 4 }',
    right: '# conf.d/a.yaml\nlimits: { files: 2 }\n# conf.d/b.yaml\nlimits: { workers: 4 }',
    examples: { untestable: 'It takes two files.' },
  },
  HF1018: {
    means: 'A pattern under `include` matches no file.',
    why: 'It may be meant for files that come later, or the pattern may be wrong: only you can tell.',
    remedy: 'Mend the pattern, or leave it: it is no error.',
    wrong: 'include: ["no-such-folder/*.yaml"]',
    right: 'include: []',
  },
} satisfies Explanations<'HF1'>;
