import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mistakes } from '../../agent/config/mistakes.fixture.ts';
import { LanguageServer, type OpenText, type Position } from '../services/language-server.ts';
import { assertExit, Child, checkout } from './program.ts';
import { choicesOf, fieldsOf, keysOf, neededOf, type Place, placesOf, type Schema, sampleOf } from './schema-places.ts';

const MODELINE = '# yaml-language-server: $schema=../schemas/policy.schema.json\n';
const schema: Schema = JSON.parse(await readFile(join(checkout, 'schemas/policy.schema.json'), 'utf8'));
const places = placesOf(schema);

let server: LanguageServer;
let scratch = '';
before(async () => {
  server = await LanguageServer.open();
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-editors-'));
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true });
});

let shown = 0;

/** Shows a policy that begins with the modeline, as if it lay in policies/. */
async function show(text: string): Promise<OpenText> {
  shown += 1;
  return server.show(join(checkout, 'policies', `shown-${shown}.yaml`), MODELINE + text);
}

/** The place of an offset of a text, once that is shown by {@link show}. */
function positionOf(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, character: lines.at(-1)?.length ?? 0 };
}

/** The labels that are offered in a place of `text`. */
async function offered(text: string, offset: number): Promise<string[]> {
  const open = await show(text);
  const completions = await server.complete(open, positionOf(text, offset));
  await server.close(open);
  return completions.map(({ label }) => label);
}

describe('hover', () => {
  test('over every key that a policy can have gives what the schema says of it', async () => {
    assert.ok(places.length > 100, `the schema has ${places.length} mappings only`);
    const untold = await Promise.all(
      places.flatMap((place) => keysOf(place.mapping).map((keys) => untoldIn(place, keys))),
    );
    assert.deepEqual(untold.flat(), []);
  });

  async function untoldIn(place: Place, keys: readonly string[]): Promise<string[]> {
    const text = place.write({ ...(keys.length === 1 ? {} : neededOf(place.mapping)), ...samples(place, keys) });
    const open = await show(text);
    const untold: string[] = [];
    for (const key of keys) {
      // On the key, not before it: there, what is above has its end.
      const told = await server.hover(open, positionOf(text, place.offsetOf(text, key) + 1));
      const wanted = fieldsOf(place.mapping)[key]?.['description'];
      if (typeof wanted !== 'string' || !plain(told).includes(plain(wanted)))
        untold.push(`${place.path}.${key}: ${told}`);
    }
    await server.close(open);
    return untold;
  }

  test('gives the default, and the values that are possible', async () => {
    const text = 'version: 1\nlimits: { memory: 1GiB, io: low }\n';
    const open = await show(text);
    assert.match(
      await server.hover(open, positionOf(text, text.indexOf('memory'))),
      /Buffers in flight\.\n\nDefault: `256MiB`/,
    );
    const io = await server.hover(open, positionOf(text, text.indexOf('io:')));
    for (const value of ['normal', 'low', 'idle']) assert.ok(io.includes(`\`${value}\``), io);
  });
});

describe('completion', () => {
  test('offers every key of every mapping', async () => {
    const missing = await Promise.all(places.map(keysNotOffered));
    assert.deepEqual(missing.flat(), []);
  });

  test('offers every value that is one of few: kinds of plugins, choices, true and false', async () => {
    const missing = await Promise.all(
      places.flatMap((place) => Object.keys(fieldsOf(place.mapping)).map((key) => valuesNotOffered(place, key))),
    );
    assert.deepEqual(missing.flat(), []);
  });

  test('writes a whole pipeline', async () => {
    const open = await show('version: 1\npipelines:\n  \n');
    const pipeline = await server.complete(open, { line: 3, character: 2 });
    const snippet = pipeline.find(({ label }) => label === 'pipeline')?.insertText ?? '';
    for (const stage of ['chunk', 'compress', 'encrypt', 'checksum'])
      assert.match(snippet, new RegExp(`^ *- ${stage}: `, 'm'));
  });

  async function keysNotOffered(place: Place): Promise<string[]> {
    const { mapping } = place;
    // Where one key only may stand, the server offers none on an empty line, but does once a letter is there.
    const groups = keysOf(mapping).map((keys) =>
      keys.length === 1
        ? { keys, given: {}, typed: keys[0]?.slice(0, 1) }
        : { keys, given: neededOf(mapping), typed: '' },
    );
    const missing = groups.map(async ({ keys, given, typed = '' }) => {
      const { text, offset } = withoutMark(place.write({ ...given, [MARK]: 0 }), `${MARK}: 0`, typed);
      const labels = await offered(text, offset);
      return keys.filter((key) => !(key in given) && !labels.includes(key)).map((key) => `${place.path}.${key}`);
    });
    return (await Promise.all(missing)).flat();
  }

  async function valuesNotOffered(place: Place, key: string): Promise<string[]> {
    const choices = choicesOf(fieldsOf(place.mapping)[key] ?? {});
    if (choices.length === 0) return [];
    const { text, offset } = withoutMark(place.write({ ...neededOf(place.mapping), [key]: MARK }), MARK, '');
    const labels = await offered(text, offset);
    return choices.filter((choice) => !labels.includes(choice)).map((choice) => `${place.path}.${key}: ${choice}`);
  }
});

describe('a mistake', () => {
  /** The server points at the mapping or list in which the agent points at a key or an item. */
  const NEARBY = [
    'nothing where a list belongs',
    'a target twice',
    'an empty pipeline',
    'a pipeline without encryption',
  ];
  const bySchema = mistakes.filter(({ expected, beyondSchema }) => {
    return beyondSchema === undefined && expected.every((what) => /^HF(2|400[123])/.test(what));
  });

  test('is one of many', () => assert.ok(bySchema.length > 40));
  for (const { name, text: marked } of bySchema) {
    test(`is marked in the editor where the agent says it is: ${name}`, async () => {
      const { text, places: expected } = unmarked(marked);
      const open = await show(text);
      const found = open.diagnostics.map(({ range: { start } }) => `${start.line}:${start.character}`);
      await server.close(open);
      if (NEARBY.includes(name)) assert.notDeepEqual(found, []);
      else
        for (const place of expected)
          assert.ok(found.includes(place), `not at ${place}: ${JSON.stringify(open.diagnostics)}`);
      for (const { message } of open.diagnostics)
        assert.doesNotMatch(message, /does not match the pattern/, 'patterns say nothing to people');
    });
  }
});

describe('no diagnostics', async () => {
  for (const name of (await readdir(join(checkout, 'policies'))).filter((file) => file.endsWith('.yaml'))) {
    test(`for policies/${name}, by its own modeline`, async () => {
      const file = join(checkout, 'policies', name);
      const { diagnostics } = await server.show(file, await readFile(file, 'utf8'));
      assert.deepEqual(diagnostics, []);
    });
  }

  test('for values that are variables', async () => {
    const text = [
      'version: 1',
      'recipients: { a: { publicKey: "${KEYS}/a.asc" } }',
      'limits: { workers: "${WORKERS}", memory: "${MEMORY:-1GiB}", io: "${IO:-low}" }',
      'sources: { a: { type: files, paths: ["${HOME}"], parallel: "${N}", excludeCaches: "${C}" } }',
    ];
    assert.deepEqual((await show(text.join('\n'))).diagnostics, []);
  });
});

describe('holdfast schema', () => {
  /** Calls the program in a folder of its own. */
  async function call(folder: string, ...args: string[]): Promise<string> {
    const ended = await new Child(args, { cwd: folder, env: { HOLDFAST_STATE: join(folder, 'state') } }).ended;
    assertExit(ended, 0);
    return ended.stdout;
  }

  test('is what editors without network need: the policy of init is explained by it, and its mistakes are told', async () => {
    const folder = join(scratch, 'offline');
    await mkdir(folder);
    await call(folder, 'init', '--yes');
    await writeFile(join(folder, 'policy.schema.json'), await call(folder, 'schema'));
    const file = join(folder, 'holdfast.yaml');
    const text = `# yaml-language-server: $schema=policy.schema.json\n${await readFile(file, 'utf8')}`;
    const right = await server.show(file, text);
    assert.deepEqual(right.diagnostics, []);
    assert.match(
      await server.hover(right, { line: text.slice(0, text.indexOf('\nsources:')).split('\n').length, character: 2 }),
      /Data systems to protect/,
    );
    await server.close(right);
    const wrong = await server.show(file, text.replace('exclude:', 'exclud:'));
    assert.deepEqual(
      wrong.diagnostics.map(({ message }) => message),
      ['Property exclud is not allowed.'],
    );
    await server.close(wrong);
    const unknown = await server.show(file, text.replace(/^.*\n/, '').replace('exclude:', 'exclud:'));
    assert.deepEqual(unknown.diagnostics, [], 'without the modeline nothing is known');
    await server.close(unknown);
  });

  test('--part is for files that a policy includes', async () => {
    const folder = join(scratch, 'part');
    await mkdir(folder);
    await writeFile(join(folder, 'part.schema.json'), await call(folder, 'schema', '--part'));
    const text =
      '# yaml-language-server: $schema=part.schema.json\njobs: { a: { source: b, retention: c, timeout: 2 hours } }\n';
    const { diagnostics } = await server.show(join(folder, 'jobs.yaml'), text);
    assert.match(diagnostics.map(({ message }) => message).join('\n'), /^This is not a duration: .*$/);
  });
});

const MARK = 'zzz';

/** The text with what was typed so far in the place of the mark, and where typing goes on. */
function withoutMark(text: string, mark: string, typed: string): { text: string; offset: number } {
  const at = text.lastIndexOf(mark);
  assert.ok(at >= 0);
  return { text: text.slice(0, at) + typed + text.slice(at + mark.length), offset: at + typed.length };
}

/** The marked text without its marks, and their places once it is shown by {@link show}. */
function unmarked(marked: string): { text: string; places: string[] } {
  const [first = '', ...rest] = marked.split('‸');
  let text = first;
  const found: string[] = [];
  for (const part of rest) {
    const { line, character } = positionOf(text, text.length);
    found.push(`${line}:${character}`);
    text += part;
  }
  return { text, places: found };
}

function samples(place: Place, keys: readonly string[]): object {
  return Object.fromEntries(keys.map((key) => [key, sampleOf(fieldsOf(place.mapping)[key] ?? {})]));
}

/** Without what Markdown needs only to look as it should. */
function plain(markdown: string): string {
  return markdown
    .replaceAll('\\', '')
    .replaceAll(/&nbsp;|\s+/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}
