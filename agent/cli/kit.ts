import path from 'node:path';
import type { Policy } from '../config/policy.ts';
import type { Json } from '../contract/index.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import { hostKeysFor } from '../engine/run-keys.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import type { KnownWriter } from '../repository/writers.ts';

/** What brings a host's backups back where nothing is left but a target and the key of a recipient. No secrets. */
export interface Kit {
  readonly repository: string;
  readonly host: string;
  readonly writer: KitWriter;
  /** All trusted ones of the repository, this host too. */
  readonly writers: readonly KitWriter[];
  readonly targets: readonly { readonly name: string; readonly type: string; readonly options: Json }[];
  readonly recipients: readonly KitRecipient[];
  /** Names of what can be restored. */
  readonly sources: readonly string[];
  /** A policy that is enough to read. */
  readonly policy: Json;
}

export interface KitWriter {
  readonly id: string;
  readonly host: string;
  readonly code: string;
  /** Names of recipients. */
  readonly approvedBy: readonly string[];
}

export interface KitRecipient {
  readonly name: string;
  readonly fingerprint: string;
  /** Armored. */
  readonly publicKey: string;
  /** Where the policy of the kit has it. */
  readonly file: string;
}

type Mapping = Readonly<Record<string, Json>>;

/** Gathers it. NOT_INITIALISED on a machine that backs nothing up. */
export async function gatherKit(
  policy: Policy,
  written: Json,
  repository: RepositoryReading,
  stateFolder: string,
): Promise<Kit> {
  const own = await hostKeysFor(repository.store, stateFolder);
  // Anybody who may write there can add others.
  const writers = [...repository.writers]
    .filter(({ id, own }) => own || repository.writers.isApproved(id))
    .map(kitWriter);
  const writer = writers.find(({ id }) => id === own.writer) ?? {
    id: own.writer,
    host: policy.host,
    code: '',
    approvedBy: [],
  };
  const { snapshots } = await listSnapshots(repository.store, repository.writers);
  const stored = snapshots
    .filter(({ opened }) => opened.header.writer === own.writer)
    .map(({ opened }) => opened.header.source);
  const sources = [...new Set([...Object.values(policy.jobs).map(({ source }) => source.name), ...stored])];
  const recipients = repository.approvers.map(({ name, fingerprint, armored }) => {
    return { name, fingerprint, publicKey: `${armored.trim()}\n`, file: `keys/${name}.asc` };
  });
  const targets = Object.values(policy.targets).map(({ name, type, options }) => {
    return { name, type, options: asWritten(options, part(written, 'targets', name)) };
  });
  const base = { repository: repository.id, host: writer.host, writer, writers, targets, recipients, sources };
  return { ...base, policy: readingPolicy(base, policy, written) };
}

function kitWriter({ id, host, code, approvals }: KnownWriter): KitWriter {
  return { id, host, code, approvedBy: [...new Set(approvals.map(({ approverName }) => approverName))] };
}

/** What it takes to restore. Its jobs are those of the host that is gone: another one runs none of them. */
function readingPolicy(kit: Omit<Kit, 'policy'>, policy: Policy, written: Json): Json {
  const known = kit.sources.flatMap((name) => policy.sources[name] ?? []);
  const plugins = part(written, 'plugins');
  const targets = kit.targets.map(({ name }) => name);
  return {
    version: 1,
    ...(Array.isArray(plugins) && { plugins: plugins.map((module) => absoluteModule(module, policy.folder)) }),
    recipients: Object.fromEntries(kit.recipients.map(({ name, file }) => [name, { publicKey: file }])),
    targets: Object.fromEntries(kit.targets.map(({ name, type, options }) => [name, { type, ...mapping(options) }])),
    sources: Object.fromEntries(
      known.map(({ name, type, options }) => {
        return [name, { type, ...mapping(asWritten(options, part(written, 'sources', name))) }];
      }),
    ),
    jobs: Object.fromEntries(known.map(({ name }) => [name, { source: name, targets, hosts: [kit.host] }])),
  };
}

/** The options that the policy says itself, with paths as they are on this host; what has a default keeps it. */
function asWritten(options: Json, written: Json | undefined): Json {
  const said = new Set(Object.keys(mapping(written)));
  return Object.fromEntries(Object.entries(mapping(options)).filter(([name]) => said.has(name)));
}

function absoluteModule(module: Json, folder: string): Json {
  return typeof module === 'string' && module.startsWith('.') ? path.resolve(folder, module) : module;
}

function part(value: Json | undefined, ...steps: readonly string[]): Json | undefined {
  let at = value;
  for (const step of steps) at = Object.hasOwn(mapping(at), step) ? mapping(at)[step] : undefined;
  return at;
}

function mapping(value: Json | undefined): Mapping {
  return isMapping(value) ? value : {};
}

function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
