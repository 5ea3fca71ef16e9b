import type { Database } from './database.ts';

/**
 * When objects that are named by their SHA-256 were last looked at and found good, by copy of a repository and how deep that was:
 * what was not looked at for longest comes first. Losing it costs the order, no finding.
 */
export class CheckHistory {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By the object's name (64 hex digits): when, in milliseconds since 1970. */
  of(copy: string): Map<string, number> {
    const rows = this.#database.rows('SELECT hex(object) AS object, at FROM checked WHERE copy = ?', copy);
    return new Map(rows.map(({ object, at }) => [String(object).toLowerCase(), Number(at)]));
  }

  good(copy: string, objects: Iterable<string>, at: Date): void {
    const sql =
      'INSERT INTO checked (copy, object, at) VALUES (?, ?, ?) ON CONFLICT (copy, object) DO UPDATE SET at = excluded.at';
    this.#database.transaction(() => {
      for (const object of objects) this.#database.run(sql, copy, Buffer.from(object, 'hex'), at.getTime());
    });
  }

  /** Damaged, or gone: if it comes again, it comes first. */
  forget(copy: string, objects: Iterable<string>): void {
    const sql = 'DELETE FROM checked WHERE copy = ? AND object = ?';
    this.#database.transaction(() => {
      for (const object of objects) this.#database.run(sql, copy, Buffer.from(object, 'hex'));
    });
  }
}
