import type { PostgresServer } from '../../services/postgres.ts';
import { sourceText } from '../contents.ts';
import { Random } from '../random.ts';

export const DATABASE = 'benchmark';

/** What one unit of pgbench's scale takes, with its index. */
const SCALE_BYTES = 15.2e6;
/** Of the text of one batch that goes to the server at once. */
const BATCH_BYTES = 16e6;
const BODY_BYTES = 1400;
/** Text with its title, times, tags and indexes is this much larger in the server. */
const TEXT_OVERHEAD = 1.13;

const definitions = `
CREATE TABLE articles (
  id bigint PRIMARY KEY,
  author text NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  tags text[] NOT NULL,
  changed timestamptz NOT NULL
);
CREATE INDEX articles_by_author ON articles (author, changed);
CREATE TABLE notes (
  id bigserial PRIMARY KEY,
  article bigint NOT NULL REFERENCES articles,
  about jsonb NOT NULL
);`;

/**
 * Makes the database: about half of its bytes are pgbench's tables, half are text. `bytes` is what pg_database_size says of it, to
 * within a tenth. The same seed gives the same rows.
 */
export function makeDatabase(server: PostgresServer, bytes: number, seed: number): void {
  server.query(`CREATE DATABASE ${DATABASE}`);
  const scale = Math.max(1, Math.round(bytes / 2 / SCALE_BYTES));
  server.run('pgbench', ['--initialize', '--quiet', '--foreign-keys', '--scale', `${scale}`], DATABASE);
  server.query(definitions, DATABASE);
  addArticles(server, bytes / 2 / TEXT_OVERHEAD, seed);
  server.query('VACUUM ANALYZE', DATABASE);
  server.query('CHECKPOINT');
}

/** What a day does: 1 % of the articles are edited, 1 % are new, and money is moved a thousand times. */
export function changeDatabase(server: PostgresServer, seed: number): void {
  const articles = Number(server.query('SELECT count(*) FROM articles', DATABASE));
  const edited = `UPDATE articles SET body = body || ' edited', changed = changed + interval '1 day' WHERE id % 100 = 1 AND id > ${Math.floor(articles / 2)}`;
  server.query(
    `${edited}; UPDATE articles SET tags = tags || '{reviewed}' WHERE id <= ${Math.ceil(articles / 200)};`,
    DATABASE,
  );
  addArticles(server, (articles * BODY_BYTES) / 100, seed + 1);
  server.run(
    'pgbench',
    ['--no-vacuum', '--client', '2', '--transactions', '500', '--random-seed', `${seed}`],
    DATABASE,
  );
}

function addArticles(server: PostgresServer, bytes: number, seed: number): void {
  let next = Number(server.query('SELECT coalesce(max(id), 0) + 1 FROM articles', DATABASE));
  for (let done = 0; done < bytes; done += BATCH_BYTES) {
    const rows = articleRows(next, Math.min(BATCH_BYTES, bytes - done), seed);
    server.query(`COPY articles FROM stdin;\n${rows.join('\n')}\n\\.\n`, DATABASE);
    next += rows.length;
  }
  const about = `jsonb_build_object('words', array_length(string_to_array(body, ' '), 1), 'by', author, 'tags', tags)`;
  server.query(
    `INSERT INTO notes (article, about) SELECT id, ${about} FROM articles WHERE id > (SELECT coalesce(max(article), 0) FROM notes) ORDER BY id`,
    DATABASE,
  );
}

/** Rows as COPY takes them. */
function articleRows(first: number, bytes: number, seed: number): string[] {
  const random = new Random(seed * 1009 + first);
  const text = Buffer.from(sourceText(seed * 1009 + first, first % 50, bytes)).toString('latin1');
  const rows: string[] = [];
  for (let at = 0; at < text.length; ) {
    const body = text.slice(at, at + 200 + random.below(2 * (BODY_BYTES - 200)));
    at += body.length;
    const id = first + rows.length;
    const changed = new Date(1_700_000_000_000 + id * 61_000).toISOString();
    const fields = [`${id}`, `author ${random.skewedBelow(5000)}`, body.slice(0, 60), body];
    rows.push(`${fields.map(escaped).join('\t')}\t{t${random.below(40)},t${random.below(400)}}\t${changed}`);
  }
  return rows;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };

const escaped = (text: string) => text.replaceAll(/[\\\n\t\r]/g, (mark) => escapes[mark] ?? mark);
