import assert from 'node:assert/strict';
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { assertExit, documentOf } from '../../acceptance/program.ts';
import { filesBelow } from './object-ledger.ts';
import type { Place } from './place.ts';
import { finish } from './restore-kills.ts';
import { letThrough } from './run-kills.ts';
import { auditSealing } from './sealing-audit.ts';

const DAY_S = 86_400;

/** All that must hold of a place when the killing is over, its whole repository read once more. */
export async function close(place: Place): Promise<void> {
  const { figures, ledger, machine } = place;
  proveRepository(place);
  // Files of killed puts go when they are a day old: nobody waits for a day here.
  for (const [key, size] of ledger.leftOver()) {
    figures.leftBytes += size;
    const path = join(place.repository, key);
    const old = statSync(path).mtimeMs / 1000 - DAY_S - 1;
    utimesSync(path, old, old);
  }
  await letThrough(place, 'a day');
  figures.hold('tidy', 'a day', () => assert.deepEqual([...ledger.leftOver().keys()], []));
  for (const snapshot of place.snapshots.filter(({ proven }) => !proven)) {
    await finish(place, snapshot, machine.place('proof'), `all kills, ${snapshot.key}`);
  }
  await agree(place);
}

/** Every object is what it was, nothing was sealed twice under one key and nonce, and nothing lies anywhere in the clear. */
export function proveRepository(place: Place): void {
  const { figures, ledger, machine } = place;
  figures.hold('write-once', 'all kills', () => ledger.prove());
  figures.hold('canary', 'all kills', () => assert.deepEqual(clearText(place), []));
  figures.hold('nonces', 'all kills', () => {
    const leftOver = [...ledger.leftOver().keys()];
    const { state: stateFolder } = machine;
    const seen = auditSealing({ repository: place.repository, stateFolder, keys: ledger.keys, leftOver });
    figures.packs += seen.packs;
    figures.frames += seen.frames;
    figures.storedAgain += seen.storedAgain;
    figures.hold('goes-on', 'all kills', () => assert.equal(seen.storedAgain, 0, 'bytes were stored a second time'));
  });
  figures.storedBytes += ledger.keys.reduce((sum, key) => sum + statSync(join(place.repository, key)).size, 0);
}

/** Files that hold what must not be there, and what. Names of files stand in the catalog: it is this host's, and what it is for. */
function clearText({ repository, machine, canaries }: Place): string[] {
  return [repository, machine.state, machine.place('tmp')].flatMap((folder) =>
    filesBelow(folder).flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      const wanted = name.startsWith('catalog.sqlite') ? [canaries.content] : Object.values(canaries);
      return wanted.filter((word) => bytes.includes(word) || name.includes(word)).map((word) => `${name}: ${word}`);
    }),
  );
}

/** What the program says is there is what was seen to come. */
async function agree(place: Place): Promise<void> {
  const { figures, snapshots } = place;
  const listed = await place.call(['snapshots', '--json']);
  const verified = await place.call(['verify', '--level', 'decrypt']);
  figures.hold('acknowledged', 'all kills', () => {
    assertExit(listed, 0);
    const keys = documentOf<{ snapshots: { key: string }[] }>(listed).snapshots.map(({ key }) => key);
    assert.deepEqual(keys.sort(), snapshots.map(({ key }) => key).sort());
    assertExit(verified, 0);
  });
}
