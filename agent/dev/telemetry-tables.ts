import { ATTRIBUTES, type AttributeName } from '../telemetry/attributes.ts';
import { EVENTS, type EventDescription } from '../telemetry/events.ts';
import { INSTRUMENTS, type Instrument } from '../telemetry/instruments.ts';
import { SPANS } from '../telemetry/span-table.ts';

/** The tables of docs/telemetry.md as Markdown, by the name that stands in the page where each goes. */
export function telemetryTables(): Map<string, string> {
  return new Map([
    ['spans', spansTable()],
    ['metrics', metricsTable()],
    ['log records', eventsTable()],
    ['attributes', attributesTable()],
  ]);
}

function spansTable(): string {
  const rows = SPANS.map(({ name, below, description, attributes }) => [
    code(name),
    below,
    description,
    codes(attributes),
  ]);
  return table(['span', 'below', 'stands for', 'attributes'], rows);
}

function metricsTable(): string {
  const rows = Object.entries<Instrument>(INSTRUMENTS).map(
    ([name, { kind, unit, description, attributes, buckets }]) => {
      const bounds = buckets === undefined ? '' : ` Buckets: ${buckets.join(', ')}.`;
      return [code(name), kind, code(unit), description + bounds, codes(attributes)];
    },
  );
  return table(['metric', 'kind', 'unit', 'meaning', 'attributes'], rows);
}

function eventsTable(): string {
  const rows = Object.entries<EventDescription>(EVENTS).map(([name, { description, severity, attributes }]) => [
    code(name),
    severity,
    description,
    codes(attributes),
  ]);
  return table(['event name', 'severity', 'meaning', 'attributes'], rows);
}

function attributesTable(): string {
  return table(
    ['attribute', 'meaning'],
    Object.entries(ATTRIBUTES).map(([name, meaning]) => [code(name), meaning]),
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

function codes(names: readonly AttributeName[]): string {
  return names.map(code).join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line), ''].join('\n');
}
