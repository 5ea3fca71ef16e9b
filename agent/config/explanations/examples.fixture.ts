/** A right policy by its sections, which an example stands in the place of. */
const SECTIONS: Readonly<Record<string, string>> = {
  version: 'version: 1',
  recipients: 'recipients: { ops: { publicKey: keys/ops.asc } }',
  targets: 'targets: { local: { type: local, path: /backup } }',
  sources: 'sources: { app: { type: files, paths: [/srv/app] } }',
  jobs: 'jobs: { app: { source: app, targets: [local] } }',
};

/** The policy with the sections of `example` in the place of its own, the others first. */
export function policyAround(example: string): string {
  const written = new Set([...example.matchAll(/^([a-z-]+):/gm)].map(([, name]) => name));
  const rest = Object.entries(SECTIONS).flatMap(([name, text]) => (written.has(name) ? [] : [text]));
  return `${[...rest, example].join('\n')}\n`;
}
