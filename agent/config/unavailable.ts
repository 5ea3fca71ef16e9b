import { isSchema } from './plugin-options.ts';
import type { Problem } from './problem.ts';

/**
 * Parts of the language that nothing acts on yet. A policy may have them, and is always told: what is ignored in silence is
 * believed to work. Each is told once, where it first stands.
 */
export function tellUnavailable(policy: unknown): Problem[] {
  const root = isSchema(policy) ? policy : {};
  const problems: Problem[] = [];
  const ignored = (path: readonly string[], hint: string, more = 0) => {
    const others = more > 0 ? ` (and in ${more} more)` : '';
    problems.push({
      code: 'HF4901',
      message: `"${path.at(-1)}" is not yet available, ignored${others}`,
      path,
      on: 'key',
      hint,
    });
  };
  const [scheduled, ...alsoScheduled] = having(root['jobs'], 'schedule');
  if (scheduled !== undefined) {
    const hint = 'nothing starts jobs by itself: let cron or a systemd timer call `holdfast run`';
    ignored(['jobs', scheduled, 'schedule'], hint, alsoScheduled.length);
  }
  if (isSchema(root['limits']) && 'bandwidth' in root['limits']) {
    ignored(['limits', 'bandwidth'], 'nothing is throttled');
  }
  for (const [section, hint] of Object.entries(SECTIONS)) if (section in root) ignored([section], hint);
  const [promised] = having(root['sources'], 'objectives');
  if (promised !== undefined) {
    const message = '"objectives" are kept, but not measured yet';
    problems.push({ code: 'HF4902', message, path: ['sources', promised, 'objectives'], on: 'key' });
  }
  if ('retention' in root) {
    const message = '"retention" is kept, but nothing is removed yet';
    problems.push({ code: 'HF4902', message, path: ['retention'], on: 'key' });
  }
  return problems;
}

const SECTIONS: Readonly<Record<string, string>> = {
  alerts: 'nobody is told; watch the exit code of `holdfast run`',
  notifiers: 'nobody is told; watch the exit code of `holdfast run`',
  plans: 'restore by hand: `holdfast restore`',
  domains: 'each host and retention class is a domain of its own',
};

function having(section: unknown, field: string): string[] {
  const entries = isSchema(section) ? Object.entries(section) : [];
  return entries.flatMap(([name, entry]) => (isSchema(entry) && field in entry ? [name] : []));
}
