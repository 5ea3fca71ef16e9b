-- A database with a little of everything that pg_dump knows: what is restored from a backup of it must be dumped alike.
CREATE ROLE keeper;
CREATE ROLE "Odd Role" NOLOGIN;
CREATE ROLE clerk LOGIN PASSWORD 'clerk' CONNECTION LIMIT 3;
GRANT keeper TO clerk;
ALTER ROLE clerk SET work_mem = '8MB';
COMMENT ON ROLE keeper IS 'keeps; everything';

ALTER DATABASE everything SET search_path = public, books;
COMMENT ON DATABASE everything IS 'everything; it''s here';
GRANT CONNECT ON DATABASE everything TO clerk;

CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm WITH SCHEMA public;
CREATE SCHEMA books AUTHORIZATION keeper;
CREATE SCHEMA "Odd.Schema / %25 ""quoted""";

CREATE TYPE books.mood AS ENUM ('calm', 'tense', E'it''s', 'ünï');
CREATE TYPE books.money_amount AS (amount numeric(20, 4), currency char(3));
CREATE DOMAIN books.positive AS integer CHECK (VALUE > 0);
CREATE TYPE books.price_range AS RANGE (subtype = numeric);
CREATE COLLATION books.german (provider = icu, locale = 'de-u-co-phonebk');

CREATE FUNCTION books.twice(integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1 * 2 $$;
CREATE FUNCTION books.later(integer) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM books.orders WHERE id > $1); END $$;
CREATE PROCEDURE books.clear_log() LANGUAGE sql AS $$ SELECT 1 $$;
CREATE AGGREGATE books.product(integer) (sfunc = int4mul, stype = integer, initcond = '1');
CREATE OPERATOR books.### (leftarg = integer, rightarg = integer, function = int4mul);
CREATE CAST (books.mood AS integer) WITH INOUT;

CREATE SEQUENCE books.tickets START 100 INCREMENT 7 CACHE 3;
SELECT nextval('books.tickets'), nextval('books.tickets');

CREATE TABLE books.accounts (
  id integer GENERATED ALWAYS AS IDENTITY (START 10) PRIMARY KEY,
  name citext NOT NULL UNIQUE,
  feeling books.mood DEFAULT 'calm',
  balance books.money_amount,
  size books.positive DEFAULT 1,
  tags text[] DEFAULT '{}',
  matrix integer[][],
  valid daterange,
  prices books.price_range,
  attributes hstore,
  document jsonb,
  parent integer,
  favourite integer,
  twice integer GENERATED ALWAYS AS (size * 2) STORED
);
CREATE TABLE books.orders (
  id serial PRIMARY KEY,
  account integer NOT NULL REFERENCES books.accounts (id) DEFERRABLE INITIALLY DEFERRED,
  note text COLLATE books.german DEFAULT 'none',
  at timestamptz NOT NULL DEFAULT '2026-01-01 00:00:00+00',
  CONSTRAINT "odd constraint" CHECK (length(note) < 200000000),
  EXCLUDE USING gist (int4range(id, id + 1) WITH &&)
);
-- In a cycle: each refers to the other.
ALTER TABLE books.accounts ADD FOREIGN KEY (favourite) REFERENCES books.orders (id) DEFERRABLE;
ALTER TABLE books.accounts ADD CONSTRAINT parent_key FOREIGN KEY (parent) REFERENCES books.accounts (id) NOT VALID;
CREATE INDEX orders_note ON books.orders USING gin (note gin_trgm_ops);
CREATE INDEX orders_partial ON books.orders (at DESC NULLS LAST) INCLUDE (account) WHERE account > 3;
CREATE STATISTICS books.orders_statistics (dependencies, ndistinct) ON account, at FROM books.orders;
ALTER TABLE books.orders ALTER note SET STATISTICS 400;
CREATE UNIQUE INDEX orders_at ON books.orders (at, id);
ALTER TABLE books.orders REPLICA IDENTITY USING INDEX orders_at;
ALTER TABLE books.orders CLUSTER ON orders_at;

BEGIN;
INSERT INTO books.accounts (name, feeling, balance, size, tags, matrix, valid, prices, attributes, document, favourite)
SELECT 'account ' || i, (enum_range(NULL::books.mood))[1 + i % 4], ROW(i * 1.5, 'EUR')::books.money_amount, i, ARRAY['a,b', NULL, '"q"', '\', ''],
  ARRAY[[i, 2], [3, NULL]], daterange('2026-01-01', '2026-01-01'::date + i), books.price_range(i, i + 1.5), hstore('k' || i, NULL) || '"a=>b"=>"c,d"',
  jsonb_build_object('n', i, 'text', E'tab\there "quoted" \\ \u00e9'), NULL
FROM generate_series(1, 50) i;
INSERT INTO books.orders (account, note, at) SELECT 10 + i % 50, 'note ' || i, '2026-01-01 00:00:00+00'::timestamptz + i * interval '1.000001 s' FROM generate_series(1, 500) i;
UPDATE books.accounts SET favourite = id, parent = 10;
COMMIT;

CREATE TABLE public.hostile (n integer, value text);
INSERT INTO public.hostile VALUES
  (1, NULL), (2, ''), (3, '\N'), (4, '\.'), (5, E'\\.\n\\N\t\r\n\b\f\x0b'), (6, E'\\'), (7, E'a\tb\\tc'), (8, E'\x01\x7f'), (9, 'ünïcødé 日本語 🎉'),
  (10, E'\n'), (11, 'NULL'), (12, E'line\r\nline'), (13, repeat(E'\\\t\n', 10000));
CREATE TABLE public.numbers (r real, d double precision, n numeric, i bigint, m money);
INSERT INTO public.numbers VALUES ('NaN', 'Infinity', 'NaN', -9223372036854775808, -1.23), ('-Infinity', '-0', 'Infinity', 9223372036854775807, 0),
  (1.17549435e-38, 5e-324, 12345678901234567890.123456789012345678901234567890, 0, 92233720368547758.07), (0.1, 0.1, 0.10, 1, 1);
CREATE TABLE public.times (d date, t time, tz timetz, ts timestamp, tstz timestamptz, i interval);
INSERT INTO public.times VALUES ('infinity', '24:00', '00:00+15:59', '-infinity', 'infinity', '-1 year 2 mons -3 days 04:05:06.789'),
  ('4713-01-01 BC', '00:00:00.000001', '23:59:59.999999-12', '294276-12-31 23:59:59.999999', '4714-11-24 00:00:00+00 BC', '178000000 years');
CREATE TABLE public.binary (id uuid DEFAULT '00000000-0000-0000-0000-000000000001', b bytea, x xml, bits bit varying(20), net cidr, mac macaddr8, p point, poly polygon, ts tsvector);
INSERT INTO public.binary VALUES (DEFAULT, '\x00ff5c0a09', '<a>&lt;</a>', B'10101', '10.0.0.0/8', '08:00:2b:01:02:03:04:05', '(1.5,-2)', '((0,0),(1,1),(2,0))', to_tsvector('simple', 'a fat cat''s'));

CREATE TABLE public.empty (a integer);
CREATE TABLE public.no_columns ();
INSERT INTO public.no_columns DEFAULT VALUES;
INSERT INTO public.no_columns DEFAULT VALUES;
CREATE UNLOGGED TABLE public.scratch (a integer PRIMARY KEY);
INSERT INTO public.scratch SELECT generate_series(1, 10);
CREATE TABLE public.parameters (a integer) WITH (fillfactor = 70, autovacuum_enabled = off);
CREATE TABLE public.typed OF books.money_amount;
INSERT INTO public.typed VALUES (1, 'EUR');
CREATE TABLE public.generated_only (a integer GENERATED ALWAYS AS (1) STORED);
INSERT INTO public.generated_only DEFAULT VALUES;
CREATE TABLE public.dropped_column (a integer, gone text, b text);
INSERT INTO public.dropped_column VALUES (1, 'x', 'y');
ALTER TABLE public.dropped_column DROP COLUMN gone, ADD COLUMN later text DEFAULT 'later', ADD "Odd ""column"", with, commas" integer DEFAULT 3;

CREATE TABLE "Odd.Schema / %25 ""quoted"""."Odd/table.name ; DROP" ("select" integer, "a b" text, "ünï" text);
INSERT INTO "Odd.Schema / %25 ""quoted"""."Odd/table.name ; DROP" VALUES (1, 'a', 'b');
CREATE TABLE public."..hidden" (a integer);
INSERT INTO public."..hidden" VALUES (1);
CREATE TABLE public."x'y\z" (a integer DEFAULT nextval('books.tickets'));
INSERT INTO public."x'y\z" DEFAULT VALUES;
CREATE TABLE public.a_name_that_is_as_long_as_names_may_be_in_postgresql_63_bytes_x (a integer);

CREATE TABLE public.trades (id bigint GENERATED BY DEFAULT AS IDENTITY, at date NOT NULL, kind text NOT NULL, amount numeric, PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
CREATE TABLE public.trades_2025 PARTITION OF public.trades FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (kind);
CREATE TABLE public.trades_2025_buy PARTITION OF public.trades_2025 FOR VALUES IN ('buy');
CREATE TABLE public.trades_2025_rest PARTITION OF public.trades_2025 DEFAULT;
CREATE TABLE books.trades_2026 (kind text NOT NULL, amount numeric, at date NOT NULL, id bigint NOT NULL);
ALTER TABLE public.trades ATTACH PARTITION books.trades_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX trades_amount ON public.trades (amount);
INSERT INTO public.trades (at, kind, amount) SELECT '2025-06-01'::date + i, CASE WHEN i % 3 = 0 THEN 'buy' ELSE 'sell' END, i FROM generate_series(1, 400) i;
CREATE TABLE public.hashed (id integer) PARTITION BY HASH (id);
CREATE TABLE public.hashed_0 PARTITION OF public.hashed FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE public.hashed_1 PARTITION OF public.hashed FOR VALUES WITH (modulus 2, remainder 1);
INSERT INTO public.hashed SELECT generate_series(1, 100);

CREATE TABLE public.animals (name text, legs integer CHECK (legs >= 0));
CREATE TABLE public.dogs (breed text) INHERITS (public.animals);
INSERT INTO public.animals VALUES ('ant', 6);
INSERT INTO public.dogs VALUES ('rex', 4, 'collie');

CREATE VIEW books.calm AS SELECT id, name FROM books.accounts WHERE feeling = 'calm' WITH CHECK OPTION;
CREATE VIEW books.calmer WITH (security_barrier) AS SELECT * FROM books.calm WHERE id > 12;
CREATE MATERIALIZED VIEW books.totals AS SELECT account, count(*) AS n FROM books.orders GROUP BY account;
CREATE UNIQUE INDEX totals_account ON books.totals (account);
CREATE MATERIALIZED VIEW books.unfilled AS SELECT * FROM books.totals WITH NO DATA;
CREATE RULE quiet AS ON DELETE TO public.empty DO INSTEAD NOTHING;
CREATE TABLE public.journal (at timestamptz DEFAULT now(), what text);
CREATE FUNCTION public.noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.journal (what) VALUES (TG_TABLE_NAME); RETURN NEW; END $$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE ON public.animals FOR EACH ROW EXECUTE FUNCTION public.noted();
CREATE TRIGGER off BEFORE INSERT ON public.animals FOR EACH STATEMENT EXECUTE FUNCTION public.noted();
ALTER TABLE public.animals DISABLE TRIGGER off;
CREATE FUNCTION public.said() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER said ON ddl_command_end WHEN TAG IN ('CREATE STATISTICS') EXECUTE FUNCTION public.said();
ALTER TABLE books.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE books.accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON books.accounts FOR SELECT TO clerk, "Odd Role" USING (name = current_user::citext);
CREATE PUBLICATION changes FOR TABLE books.orders (id, account, at) WHERE (account > 11);
CREATE PUBLICATION "all public" FOR TABLES IN SCHEMA public WITH (publish = 'insert');
CREATE TEXT SEARCH CONFIGURATION books.plain (COPY = simple);

COMMENT ON TABLE books.orders IS 'orders; with "quotes" and ''more''';
COMMENT ON COLUMN books.orders.note IS E'two\nlines';
COMMENT ON CONSTRAINT "odd constraint" ON books.orders IS 'c';
GRANT SELECT (id, note), INSERT ON books.orders TO clerk WITH GRANT OPTION;
GRANT USAGE ON SCHEMA books TO clerk;
REVOKE EXECUTE ON FUNCTION books.twice(integer) FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA books GRANT SELECT ON TABLES TO clerk;
ALTER TABLE books.orders OWNER TO keeper;
ALTER TABLE public.trades OWNER TO "Odd Role";

SELECT lo_from_bytea(70001, decode(repeat('00ff5c0a', 800000), 'hex'));
SELECT lo_from_bytea(70002, '');
SELECT lo_from_bytea(70003, convert_to(repeat('x', 1048576), 'UTF8'));
COMMENT ON LARGE OBJECT 70001 IS 'large';
GRANT SELECT ON LARGE OBJECT 70001 TO clerk;
ALTER LARGE OBJECT 70002 OWNER TO clerk;

-- A row of 100 MB, and one whose text needs twice its length.
CREATE TABLE public.large (id integer PRIMARY KEY, value text);
ALTER TABLE public.large ALTER value SET STORAGE EXTERNAL;
INSERT INTO public.large VALUES (1, repeat('0123456789', 10485760)), (2, repeat(E'\\', 20000000));
