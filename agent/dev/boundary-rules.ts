/**
 * The directions of ARCHITECTURE.md as rules. Each is broken once on purpose in boundaries.test.ts.
 */
import type { Name, readReferences } from './references.ts';

export interface SourceFile extends ReturnType<typeof readReferences> {
  /** From the root of the project, separated by `/`. */
  readonly path: string;
}

export interface Arrow {
  readonly from: SourceFile;
  readonly specifier: string;
  /** The file pointed at, when it is one of the project. */
  readonly to?: string;
  readonly kind: 'import' | 'path';
  readonly line: number;
  readonly column: number;
}

export interface ArrowRule {
  readonly name: string;
  /** What is wrong with this arrow, if anything is. */
  readonly judge: (arrow: Arrow) => string | undefined;
}

export interface FileRule {
  readonly name: string;
  readonly judge: (file: SourceFile) => readonly { readonly message: string; readonly at?: Name }[];
}

const leaves = ['contract'];
const stores = [...leaves, 'system', 'config', 'repository', 'catalog', 'telemetry'];
const running = [...stores, 'workers', 'engine'];
const guided = [...running, 'retention', 'security', 'recovery', 'pruning', 'schedule', 'watch'];

/** A room of agent/, and the rooms it may import from beside itself. A new room is entered here first. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  system: [],
  config: leaves,
  repository: leaves,
  retention: [...leaves, 'config'],
  catalog: [...leaves, 'system'],
  telemetry: leaves,
  workers: stores,
  engine: [...stores, 'workers'],
  security: stores,
  recovery: [...running, 'security'],
  pruning: [...running, 'retention'],
  schedule: running,
  watch: running,
  service: guided,
  cli: [...guided, 'service'],
  dev: [...guided, 'service', 'cli'],
};

/** A package and the only room that may use it, so that replacing it stays the business of that room. */
const onlyUser: readonly (readonly [name: RegExp, room: string])[] = [
  [/^piscina(\/|$)/, 'workers'],
  [/^@opentelemetry\//, 'telemetry'],
  [/^node:ffi$/, 'system'],
];

const builtinList = 'agent/cli/builtin.ts';

/** What the agent lends to plugins. */
const lent = ['holdfast/plugin', 'holdfast/system'];

/** Test vectors are data, kept in one place for everyone who tests against them. */
const vectors = 'conformance/vectors/';

/** What the suites need to know of a plugin: it belongs to its tests. */
const isHarness = (path: string) => path.endsWith('/conformance.ts');
/** What `npm run new-plugin` begins a plugin with: plugins themselves. */
const examples = 'conformance/examples/';

const isTest = (path: string) => /\.test\.[jt]s$/.test(path);
/** What only tests use: it stays out of the package. */
const isFixture = (path: string) => /\.fixture\.[jt]s$/.test(path);
const isPackage = (specifier: string) => !/^(\.|\/|#|node:|file:)/.test(specifier);
const room = (path: string) => /^agent\/([^/]+)\//.exec(path)?.[1];
/** `plugins/<kind>/<name>/` or that of an example, or the folder that a file directly below plugins/ lies in. */
const pluginFolder = (path: string) =>
  /^(?:plugins\/(?:[^/]+\/){0,2}|conformance\/examples\/(?:[^/]+\/)?)/.exec(path)?.[0];

export const arrowRules: readonly ArrowRule[] = [
  {
    name: 'contract-is-a-leaf',
    judge: ({ from, specifier, to }) => {
      if (room(from.path) !== 'contract' || isTest(from.path)) return undefined;
      if (to !== undefined && room(to) === 'contract') return undefined;
      return specifier === 'typebox' ? undefined : 'the contract imports itself and types of typebox, nothing else';
    },
  },
  {
    // Tests stand outside the order: what they need to set the scene may lie above what they test.
    name: 'rooms-in-order',
    judge: ({ from, to }) => {
      const [here, there] = [room(from.path), to === undefined ? undefined : room(to)];
      if (here === undefined || there === undefined || here === there || isTest(from.path)) return undefined;
      if (rooms[here]?.includes(there)) return undefined;
      return `${here} may import from ${rooms[here]?.join(', ') || 'nothing'}, not from ${there}`;
    },
  },
  {
    name: 'plugins-stand-alone',
    judge: ({ from, specifier, to }) => {
      const folder = pluginFolder(from.path);
      if (folder === undefined || to?.startsWith(folder)) return undefined;
      if (lent.includes(specifier)) return undefined;
      if (specifier === 'holdfast/conformance' && [isTest, isHarness, isFixture].some((is) => is(from.path)))
        return undefined;
      if (isPackage(specifier) && !specifier.startsWith('holdfast')) return undefined;
      if (specifier.startsWith('node:') || (isTest(from.path) && to?.startsWith(vectors))) return undefined;
      return "a plugin imports 'holdfast/plugin', 'holdfast/system', packages, node: modules and files of its own folder";
    },
  },
  {
    name: 'plugins-named-once',
    judge: ({ from, to }) => {
      if (!from.path.startsWith('agent/') || from.path === builtinList || !to?.startsWith('plugins/')) return undefined;
      return `only ${builtinList} names plugins`;
    },
  },
  {
    name: 'conformance-from-outside',
    judge: ({ from, specifier, to }) => {
      if (!from.path.startsWith('conformance/') || from.path.startsWith(examples)) return undefined;
      if (isTest(from.path) || isFixture(from.path)) return undefined;
      // What only tests use may look inside: through it, a suite would.
      if (to?.startsWith('agent/') || to?.startsWith('plugins/') || isFixture(to ?? '')) {
        return "what plugins are tested by sees only 'holdfast/plugin' and 'holdfast/system', as an outsider would";
      }
      return specifier.startsWith('holdfast') && !lent.includes(specifier) ? 'import it by its path' : undefined;
    },
  },
  {
    name: 'agent-knows-no-outside',
    judge: ({ from, specifier, to }) => {
      if (!from.path.startsWith('agent/')) return undefined;
      if (/^holdfast(\/|$)/.test(specifier) && !isTest(from.path)) {
        return 'the agent imports the contract by its path; the package name is for plugins';
      }
      return to?.startsWith('conformance/') && !isTest(from.path)
        ? 'the agent does not depend on its tests'
        : undefined;
    },
  },
  {
    name: 'one-user-per-package',
    judge: ({ from, specifier }) => {
      const only = onlyUser.find(([name]) => name.test(specifier))?.[1];
      if (only === undefined || room(from.path) === only) return undefined;
      return `only agent/${only}/ uses this package`;
    },
  },
];

/** Ciphers are called in one file, where the tag's length and the order of checking are right once. */
const cipherCalls = ['createCipheriv', 'createDecipheriv'];
const cipherFile = 'agent/repository/keys/aead.ts';

const vagueNames = /^(utils?|commons?|helpers?|libs?|misc|shared)(\.|$)/;

/** What is wrong with a file as such: where it lies, what it is called, what it calls. */
export const fileRules: readonly FileRule[] = [
  {
    name: 'named-for-a-noun',
    judge: ({ path }) => {
      const vague = path.split('/').find((part) => vagueNames.test(part));
      return vague === undefined ? [] : [{ message: `'${vague}' says nothing about what is in it` }];
    },
  },
  {
    name: 'rooms-are-known',
    judge: ({ path }) => {
      const here = room(path);
      if (!path.startsWith('agent/') || (here !== undefined && here in rooms)) return [];
      return [{ message: `'${here ?? path}' is no room of agent/; agent/dev/boundary-rules.ts has the list` }];
    },
  },
  {
    name: 'data-is-data',
    judge: ({ path }) =>
      /^(schemas|policies)\//.test(path) ? [{ message: 'schemas/ and policies/ hold no code' }] : [],
  },
  {
    name: 'ciphers-in-one-file',
    judge: ({ path, names }) => {
      const free = path === cipherFile || path.startsWith('conformance/') || room(path) === 'dev' || isTest(path);
      const calls = free ? [] : names.filter(({ name }) => cipherCalls.includes(name));
      return calls.map((at) => ({ message: `${at.name} is called in ${cipherFile} only`, at }));
    },
  },
];
