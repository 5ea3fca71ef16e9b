import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mistakes } from '../../agent/config/mistakes.fixture.ts';
import { PolicyEditor, plainWords, positionOf, typedAt, unmarked } from './policy-editor.ts';
import { checkout } from './program.ts';
import { choicesOf, fieldsOf, keysOf, neededOf, type Place, placesOf, type Schema, sampleOf } from './schema-places.ts';

const MARK = 'zzz';
const schema: Schema = JSON.parse(await readFile(join(checkout, 'schemas/policy.schema.json'), 'utf8'));
const places = placesOf(schema);

let editor: PolicyEditor;
before(async () => {
  editor = await PolicyEditor.open();
});
after(() => editor[Symbol.asyncDispose]());

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
    const open = await editor.show(text);
    const untold: string[] = [];
    for (const key of keys) {
      // On the key, not before it: there, what is above has its end.
      const told = await editor.server.hover(open, positionOf(text, place.offsetOf(text, key) + 1));
      const wanted = fieldsOf(place.mapping)[key]?.['description'];
      if (typeof wanted !== 'string' || !plainWords(told).includes(plainWords(wanted)))
        untold.push(`${place.path}.${key}: ${told}`);
    }
    await editor.server.close(open);
    return untold;
  }

  test('gives the default, and the values that are possible', async () => {
    const text = 'version: 1\nlimits: { memory: 1GiB, io: low }\n';
    const open = await editor.show(text);
    assert.match(
      await editor.server.hover(open, positionOf(text, text.indexOf('memory'))),
      /Buffers in flight\.\n\nDefault: `256MiB`/,
    );
    const io = await editor.server.hover(open, positionOf(text, text.indexOf('io:')));
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
    const open = await editor.show('version: 1\npipelines:\n  \n');
    const pipeline = await editor.server.complete(open, { line: 3, character: 2 });
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
      const { text, offset } = typedAt(place.write({ ...given, [MARK]: 0 }), `${MARK}: 0`, typed);
      const labels = await editor.offered(text, offset);
      return keys.filter((key) => !(key in given) && !labels.includes(key)).map((key) => `${place.path}.${key}`);
    });
    return (await Promise.all(missing)).flat();
  }

  async function valuesNotOffered(place: Place, key: string): Promise<string[]> {
    const choices = choicesOf(fieldsOf(place.mapping)[key] ?? {});
    if (choices.length === 0) return [];
    const { text, offset } = typedAt(place.write({ ...neededOf(place.mapping), [key]: MARK }), MARK, '');
    const labels = await editor.offered(text, offset);
    return choices.filter((choice) => !labels.includes(choice)).map((choice) => `${place.path}.${key}: ${choice}`);
  }
});

describe('a mistake', { concurrency: true }, () => {
  /** The server points at the mapping or list in which the agent points at a key or an item. */
  const NEARBY = [
    'nothing where a list belongs',
    'a target twice',
    'an empty pipeline',
    'a pipeline without encryption',
    'a domain of no host, of names that no host has, and of one host twice',
  ];
  const bySchema = mistakes.filter(({ expected, beyondSchema }) => {
    return beyondSchema === undefined && expected.every((what) => /^HF(2|400[123])/.test(what));
  });

  test('is one of many', () => assert.ok(bySchema.length > 40));
  for (const { name, text: marked } of bySchema) {
    test(`is marked in the editor where the agent says it is: ${name}`, async () => {
      const { text, places: expected } = unmarked(marked);
      const open = await editor.show(text);
      const found = open.diagnostics.map(({ range: { start } }) => `${start.line}:${start.character}`);
      await editor.server.close(open);
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
      const { diagnostics } = await editor.server.show(file, await readFile(file, 'utf8'));
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
    assert.deepEqual((await editor.show(text.join('\n'))).diagnostics, []);
  });
});

function samples(place: Place, keys: readonly string[]): object {
  return Object.fromEntries(keys.map((key) => [key, sampleOf(fieldsOf(place.mapping)[key] ?? {})]));
}
