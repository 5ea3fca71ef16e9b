/*
 * What stands below the help of verbs: lines that are shown as they are.
 */

/** How what is wanted of a tree is named, wherever it is. */
export const PATTERNS = [
  'src/a.c    with a slash: that path, from the top; a folder with all in it',
  'docs/      that folder, at the top',
  'a.c, *.c   without: what is called so, wherever it is',
  '!docs/old  not this, though another pattern means it',
  'a\\xffb     a byte that is no text, as it is shown; \\* a star, \\\\ a backslash',
];

/** What `ls --long` shows beside what ls(1) does. */
export const MARKS = [
  'behind the mode  + has an ACL, @ other extended attributes (--json has them)',
  'behind the name  -> where a symbolic link points, = the file it is a name of',
];

/** What the columns of `diff` mean, and those that `find` has too. */
export const COLUMNS = [
  '+ added  - removed  M changed  T now of another kind; then what changed:',
  'c content  m mode  o owner  t time  x xattrs, ACLs  f flags  l link target',
  '? in place of c: only reading would tell whether content changed (--content)',
  '? alone: not in the later one, which skipped it; it need not be gone',
  'Then the size (of what is not there: before), and by how much it grew.',
  'Of a file with several names that changed, the first is listed.',
];

/** What the columns of `find` mean. */
export const VERSIONS = [
  'A line for each snapshot where it is other than in the one before, marked',
  'as by diff; ? could not be read, now or when the snapshot was made; = is the',
  'same again. Then that snapshot, the size, when it was modified, and in how',
  'many snapshots it is like that.',
];

/** Where the scripts of `completion` go. */
export const INSTALLING = [
  'bash  in ~/.bashrc:  source <(holdfast completion bash)',
  'zsh   in ~/.zshrc, after compinit:  source <(holdfast completion zsh)',
  '      or once:  holdfast completion zsh > a folder of your fpath/_holdfast',
  'fish  holdfast completion fish > ~/.config/fish/completions/holdfast.fish',
  'It completes the command holdfast, as npm installs it; not npm run holdfast.',
];
