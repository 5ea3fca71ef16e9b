import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Policy } from '../../config/policy.ts';
import type { Engine } from '../../engine/opening.ts';
import type { RunReport } from '../../engine/run-report.ts';
import { type RestoreReport, restoreSource } from '../../recovery/restore.ts';
import type { VerifyReport } from '../../recovery/verification.ts';
import { generatePassphrase } from '../../security/generated-passphrase.ts';
import { withoutPassphrase } from '../../security/passphrase.ts';
import { removeTree } from '../../system/index.ts';
import { type DemoPlace, demoPlace } from '../demo-place.ts';
import { openEngine } from '../engine.ts';
import { combineExits, EXIT, type Exit } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { readingOf } from '../open-repository.ts';
import { formatDuration } from '../output/duration.ts';
import { printable, printablePath } from '../output/printable.ts';
import { renderRestore } from '../output/restore-report.ts';
import { renderRun } from '../output/run-report.ts';
import { formatCounted, formatSize } from '../output/size.ts';
import { renderFacts } from '../output/table.ts';
import { renderVerify } from '../output/verify-report.ts';
import { requirePolicy } from '../policy.ts';
import {
  completeRecoveryKey,
  makeRecoveryKey,
  recoveryKeyFile,
  recoveryPublicKeyFile,
  unlockOwnRecoveryKey,
  unlockReader,
} from '../recovery-key.ts';
import { setUpRepository } from '../setup.ts';
import { makeStateFolder } from '../state.ts';
import { type Comparison, compareTrees } from '../tree-comparison.ts';
import { exitOfRestore, tellRestoreTroubles } from './restore.ts';
import { exitOfRun, runOne, tellRunTroubles } from './run.ts';
import { exitOfVerify, verifyOne } from './verify.ts';

const SOURCE = 'files';
const SHOWN = 10;

/** Shows the whole of it on a folder that is only read: back up, verify, restore, compare. Asks nothing, ever. */
export async function demo(invocation: Invocation, folder: string | undefined): Promise<Exit> {
  const place = await demoPlace(invocation, folder);
  const { policyFile, stateFolder } = place;
  // A passphrase that the environment holds is that of the operator's own key.
  const own: Invocation = { ...invocation, policy: policyFile, stateFolder, env: withoutPassphrase(invocation.env) };
  introduce(own, place);
  await setUp(own, place);
  const { policy, plugins } = await requirePolicy(own);
  const identity = () => unlockOwnRecoveryKey(own, undefined, {});
  await setUpRepository(own, policy, plugins, { join: false, identity });
  await using engine = await openEngine(own, plugins);
  const shown: Shown = { own, engine, policy, place, exits: [], reports: {} };
  for (const step of [backUp, verify, restore, compare]) {
    await step(shown);
    const exit = combineExits(shown.exits);
    if (exit !== EXIT.ok && exit !== EXIT.incomplete) break;
  }
  const exit = combineExits(shown.exits);
  if (own.terminal.options.json)
    own.terminal.json({ protected: place.protect, policy: place.policyFile, ...shown.reports });
  else if (exit === EXIT.ok || exit === EXIT.incomplete) sayNext(shown);
  return exit;
}

/** What the steps of a demo hand on, each to the next. */
interface Shown {
  readonly own: Invocation;
  readonly engine: Engine;
  readonly policy: Policy;
  readonly place: DemoPlace;
  readonly exits: Exit[];
  readonly reports: { run?: RunReport; verify?: VerifyReport; restore?: RestoreReport; comparison?: Comparison };
}

async function backUp({ own, engine, policy, exits, reports }: Shown): Promise<void> {
  for (const job of Object.values(policy.jobs)) {
    const report = await runOne(own, engine, policy, job);
    reports.run = report;
    show(own, renderRun(report, own.terminal.paint.data));
    tellRunTroubles(own, report);
    exits.push(exitOfRun(report));
  }
}

/** By decrypting: as deep as it goes without doing what the next step does anyway. */
async function verify({ own, engine, policy, exits, reports }: Shown): Promise<void> {
  const report = await verifyOne(own, engine, policy, {
    ...readingOf(policy),
    level: 'decrypt',
    identity: () => unlockReader(own, {}),
  });
  reports.verify = report;
  show(own, renderVerify(report, own.terminal.paint.data));
  exits.push(exitOfVerify(report));
}

async function restore({ own, engine, policy, place, exits, reports }: Shown): Promise<void> {
  const source = policy.sources[SOURCE];
  if (!source) return;
  await removeTree(place.restored);
  const report = await restoreSource(engine, {
    ...readingOf(policy),
    source,
    at: reports.run?.snapshot?.hash ?? 'latest',
    into: { folder: place.restored },
    select: [],
    conflict: 'error',
    parallel: policy.limits.files,
    dryRun: false,
    identity: () => unlockReader(own, {}),
    signal: own.signal,
    onProgress: ({ bytes, expectedBytes }) =>
      own.terminal.progress({ label: 'restore', done: bytes, total: expectedBytes }),
  });
  own.terminal.clearProgress();
  reports.restore = report;
  show(own, renderRestore(report, place.restored, own.terminal.paint.data));
  tellRestoreTroubles(own, report);
  exits.push(exitOfRestore(report));
}

async function compare({ own, place, exits, reports }: Shown): Promise<void> {
  const startedAt = performance.now();
  const comparison = await compareTrees({
    original: place.protect,
    restored: place.restored,
    excluded: place.excluded,
    since: Date.parse(reports.run?.started ?? ''),
    owners: own.uid === 0,
    signal: own.signal,
    onProgress: (bytes, entries) =>
      own.terminal.progress({ label: 'compare', done: bytes, notes: [formatCounted(entries, 'entry', 'entries')] }),
  });
  own.terminal.clearProgress();
  reports.comparison = comparison;
  show(own, renderComparison(own, comparison, performance.now() - startedAt));
  if (comparison.differences.length > 0) exits.push(EXIT.failed);
}

function renderComparison({ terminal, uid }: Invocation, comparison: Comparison, ms: number): string {
  const paint = terminal.paint.data;
  const { entries, bytes, differences, changedSince, leftOut } = comparison;
  const facts: [string, string][] = [
    ['compared', `${formatSize(bytes)} in ${formatCounted(entries, 'entry', 'entries')}, both trees read again`],
    ['alike', `names, content, modes, times, links${uid === 0 ? ', owners' : ''}`],
    ['took', formatDuration(ms)],
  ];
  if (changedSince > 0)
    facts.push(['changed', `${formatCounted(changedSince, 'entry', 'entries')} since the backup began`]);
  if (leftOut > 0)
    facts.push([
      'left out',
      `${formatCounted(leftOut, 'entry', 'entries')} that cannot be read, or belong to running programs`,
    ]);
  if (differences.length === 0)
    return `${paint('green', '✔')} ${paint('bold', 'no difference')}\n${renderFacts(facts, paint)}`;
  const lines = differences.slice(0, SHOWN).map(({ path, what }) => `${printablePath(path)} ${what}`);
  const head = `${paint('red', '✖')} ${paint('bold', formatCounted(differences.length, 'difference'))}\n`;
  return head + renderFacts([['differs', lines.join('\n')], ...facts.filter(([name]) => name !== 'alike')], paint);
}

function show({ terminal }: Invocation, text: string): void {
  if (!terminal.options.json) terminal.data(`${text}\n`);
}

function sayNext({ own, place }: Shown): void {
  const { terminal, command } = own;
  const at = `--policy ${quoteWord(place.policyFile)} --state ${quoteWord(place.stateFolder)}`;
  const lines = [
    ['what was backed up', command(`snapshots ${at}`)],
    ['bring it back, wherever you like', command(`restore ${SOURCE} --into ./restored ${at}`)],
    ['for good, with a policy of yours', command(`init --protect ${quoteWord(place.protect)}`)],
  ];
  terminal.message('Go on with:');
  for (const [what, line] of lines) terminal.message(`  ${terminal.paint.message('dim', `# ${what}`)}\n  ${line}`);
}

function introduce({ terminal }: Invocation, { protect, folder, leftOut }: DemoPlace): void {
  const without = leftOut.length === 0 ? '' : ` (without ${leftOut.join(', ')})`;
  terminal.message(`Trying Holdfast on ${printable(protect)}${without}; it is only read.`);
  terminal.message(`All that is made lies in ${printable(folder)}.`);
  terminal.message(
    'This is only for trying: the key that reads the backup, and its passphrase, lie right beside it.\n',
  );
}

/** The demo's policy and recovery key. The policy is written every time: it belongs to the demo, and may be of an older one. */
async function setUp(own: Invocation, { policyFile, policyText, stateFolder }: DemoPlace): Promise<void> {
  await makeStateFolder(stateFolder);
  await completeRecoveryKey(stateFolder);
  if (!existsSync(recoveryKeyFile(stateFolder))) {
    const passphrase = generatePassphrase();
    await makeRecoveryKey({ stateFolder, name: 'Holdfast demo', passphrase, keepPassphrase: true, created: own.now() });
  }
  const publicKey = path.join(path.dirname(policyFile), 'keys', 'recovery.asc');
  await mkdir(path.dirname(publicKey), { recursive: true });
  await writeFile(publicKey, await readFile(recoveryPublicKeyFile(stateFolder)));
  await writeFile(policyFile, policyText);
}
