/** The invariants that must hold whatever was killed, and when. */
export const INVARIANTS = {
  acknowledged: 'a snapshot that was acknowledged restores byte for byte',
  atomic: 'a snapshot of a killed run is there whole or not at all',
  'write-once': 'no object that was there changes or goes',
  quiet: 'no message has a secret in it, nor what is in the files',
  'goes-on': 'the next run succeeds by itself, and stores nothing again that was stored',
  nonces: 'no key and nonce are used twice',
  canary: 'nothing of the files, nor their names, lies anywhere in the clear',
  outside: 'nothing but what is restored into changes',
  tidy: 'what a kill leaves behind is cleaned up, and keeps nobody out',
  whole: 'a file under its own name is whole',
} as const;

export type Invariant = keyof typeof INVARIANTS;
export type Phase = 'run' | 'restore' | 'rotation' | 'prune' | 'init' | 'first run';

/** An invariant that did not hold. */
export interface Breach {
  readonly invariant: Invariant;
  readonly after: string;
  readonly message: string;
}

/** What was tried and what came of it. */
export class Figures {
  readonly breaches: Breach[] = [];
  readonly kills = new Map<string, number>();
  readonly survived = new Map<Phase, number>();
  readonly signals = new Map<string, number>();
  snapshots = 0;
  /** Of which nothing was owed any more before they were restored. */
  forgotten = 0;
  restored = 0;
  lost = 0;
  wrong = 0;
  packs = 0;
  frames = 0;
  storedBytes = 0;
  storedAgain = 0;
  /** Written by puts that were killed, and not published. */
  leftBytes = 0;
  catalogs = 0;

  killed(phase: Phase, by: 'time' | 'call'): void {
    count(this.kills, `${phase}, by ${by}`);
  }

  get killCount(): number {
    return [...this.kills.values()].reduce((sum, one) => sum + one, 0);
  }

  killsOf(phase: Phase): number {
    return [...this.kills].reduce((sum, [name, one]) => (name.startsWith(`${phase},`) ? sum + one : sum), 0);
  }

  /** Notes a breach where `proof` fails; what follows is still tried. */
  hold(invariant: Invariant, after: string, proof: () => void): void {
    try {
      proof();
    } catch (error) {
      this.broken(invariant, after, error);
    }
  }

  broken(invariant: Invariant, after: string, error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.breaches.push({ invariant, after, message });
  }

  render(): string {
    const rows = [...this.kills].sort().map(([name, one]) => `${String(one).padStart(6)}  kills of ${name}`);
    const survivors = [...this.survived].map(([phase, one]) => `${one} of ${phase}`).join(', ');
    const signals = [...this.signals].sort().map(([name, one]) => `${one} ${name}`);
    return [
      ...rows,
      `${String(this.killCount).padStart(6)}  kills in all, each of a process that was running; too late: ${survivors || 'none'}`,
      `        signals: ${signals.join(', ') || 'none'}`,
      `${String(this.snapshots).padStart(6)}  snapshots, compared after ${this.restored} restores; lost: ${this.lost}; wrong or missing paths: ${this.wrong}`,
      `${String(this.packs).padStart(6)}  packs, ${this.frames} frames, ${mebibytes(this.storedBytes)} stored; stored again: ${this.storedAgain} bytes`,
      `        left by killed puts, and written once more: ${mebibytes(this.leftBytes)}; damaged catalogs run over: ${this.catalogs}`,
      `${String(this.breaches.length).padStart(6)}  breaches`,
      ...this.breaches.map(
        ({ invariant, after, message }) => `\n✖ ${invariant}: ${INVARIANTS[invariant]}\n  after ${after}\n  ${message}`,
      ),
      '',
    ].join('\n');
  }
}

export function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
