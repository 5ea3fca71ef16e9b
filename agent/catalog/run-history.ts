import type { Failure, Json } from '../contract/index.ts';
import type { Database, Row } from './database.ts';
import { isRunning, processIdentity } from './process-identity.ts';

export type RunVerdict = 'ok' | 'incomplete' | 'failed' | 'cancelled';

/** A run that begins. Times are ISO 8601, UTC. */
export interface RunStart {
  readonly job: string;
  readonly source: string;
  /** The domain's id. */
  readonly domain: string;
  readonly started: string;
}

export interface RunEnd {
  readonly finished: string;
  readonly verdict: RunVerdict;
  /** The hash of its snapshot, and its key in the repository. */
  readonly snapshot?: string;
  readonly object?: string;
  readonly traceId: string;
  readonly counters: Json;
  readonly failure?: Failure;
}

/** A run as it is remembered. `interrupted`: it never ended, and the process it ran in is gone. */
export interface RunRecord extends RunStart, Partial<Omit<RunEnd, 'verdict'>> {
  readonly id: number;
  readonly state: RunVerdict | 'running' | 'interrupted';
}

/** The runs of this host. */
export class RunHistory {
  readonly #database: Database;
  readonly #process = processIdentity() ?? `${process.pid}`;
  readonly #running = new Set<number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Records that a run begins, durably, and returns its id. */
  start(run: RunStart): number {
    const sql = 'INSERT INTO run (job, source, domain, process, started) VALUES (?, ?, ?, ?, ?)';
    const id = this.#database.run(sql, run.job, run.source, run.domain, this.#process, run.started).rowid;
    this.#running.add(id);
    return id;
  }

  finish(id: number, end: RunEnd): void {
    this.#database.run(
      `UPDATE run SET finished = ?, verdict = ?, snapshot = ?, object = ?, trace = ?, counters = ?, failure = ? WHERE id = ?`,
      end.finished,
      end.verdict,
      end.snapshot ?? null,
      end.object ?? null,
      end.traceId,
      JSON.stringify(end.counters),
      end.failure === undefined ? null : JSON.stringify(end.failure),
      id,
    );
    this.#running.delete(id);
  }

  /** Whether a run of this domain never ended: its process died. Runs that go on now, here or elsewhere, do not count. */
  unfinished(domain: string): boolean {
    return this.#interrupted(domain).length > 0;
  }

  /** Takes note of the runs that never ended. They stay in the history, as interrupted. */
  clearUnfinished(domain: string): void {
    for (const { id } of this.#interrupted(domain))
      this.#database.run('UPDATE run SET seen = 1 WHERE id = ?', Number(id));
  }

  last(job: string): RunRecord | undefined {
    return this.list(job, 1)[0];
  }

  /** The last run of a job that ended and left nothing out. */
  lastSuccess(job: string): RunRecord | undefined {
    const sql = "SELECT * FROM run WHERE job = ? AND verdict = 'ok' ORDER BY id DESC LIMIT 1";
    const [row] = this.#database.rows(sql, job);
    return row === undefined ? undefined : this.#record(row);
  }

  /** The snapshot that this host stored last of each job: what a repository that was rolled back no longer has. */
  lastStored(): { readonly job: string; readonly source: string; readonly key: string; readonly hash: string }[] {
    const newest = 'SELECT MAX(id) FROM run WHERE object IS NOT NULL AND snapshot IS NOT NULL GROUP BY job';
    const rows = this.#database.rows(`SELECT job, source, object, snapshot FROM run WHERE id IN (${newest})`);
    return rows.map(({ job, source, object, snapshot }) => {
      return { job: String(job), source: String(source), key: String(object), hash: String(snapshot) };
    });
  }

  /** The latest runs of a job, or of all jobs, the newest first. */
  list(job: string | undefined, limit: number): RunRecord[] {
    const rows =
      job === undefined
        ? this.#database.rows('SELECT * FROM run ORDER BY id DESC LIMIT ?', limit)
        : this.#database.rows('SELECT * FROM run WHERE job = ? ORDER BY id DESC LIMIT ?', job, limit);
    return rows.map((row) => this.#record(row));
  }

  #interrupted(domain: string): Row[] {
    const rows = this.#database.rows('SELECT * FROM run WHERE domain = ? AND finished IS NULL AND seen = 0', domain);
    return rows.filter((row) => !this.#isRunning(row));
  }

  // A run of this very process that was begun through another, since closed catalog will not end either.
  #isRunning(row: Row): boolean {
    const owner = String(row.process);
    return owner === this.#process ? this.#running.has(Number(row.id)) : isRunning(owner);
  }

  #record(row: Row): RunRecord {
    const start = {
      id: Number(row.id),
      job: String(row.job),
      source: String(row.source),
      domain: String(row.domain),
      started: String(row.started),
    };
    if (row.finished === null) return { ...start, state: this.#isRunning(row) ? 'running' : 'interrupted' };
    return {
      ...start,
      state: verdictOf(row.verdict),
      finished: String(row.finished),
      traceId: String(row.trace),
      counters: JSON.parse(String(row.counters)),
      ...(row.snapshot === null ? {} : { snapshot: String(row.snapshot) }),
      ...(row.object === null ? {} : { object: String(row.object) }),
      ...(row.failure === null ? {} : { failure: JSON.parse(String(row.failure)) }),
    };
  }
}

function verdictOf(value: unknown): RunVerdict {
  return value === 'ok' || value === 'incomplete' || value === 'cancelled' ? value : 'failed';
}
