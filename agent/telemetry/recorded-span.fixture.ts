import type { Attributes, TraceSpan } from './trace.ts';

/** A span that is kept with everything below it, for tests to look at. */
export class RecordedSpan implements TraceSpan {
  readonly name: string;
  readonly startedAt: number;
  readonly children: RecordedSpan[] = [];
  attributes: Attributes;
  endedAt: number | undefined;
  failureCode: string | undefined;

  constructor(name: string, attributes: Attributes = {}, startedAt = 0) {
    this.name = name;
    this.attributes = attributes;
    this.startedAt = startedAt;
  }

  now(): number {
    return 0;
  }

  child(name: string, attributes?: Attributes, startedAt?: number): RecordedSpan {
    const child = new RecordedSpan(name, attributes, startedAt);
    this.children.push(child);
    return child;
  }

  set(attributes: Attributes): void {
    this.attributes = { ...this.attributes, ...attributes };
  }

  end(failureCode?: string, endedAt = 0): void {
    this.failureCode = failureCode;
    this.endedAt = endedAt;
  }

  /** This one and everything below it. */
  all(): RecordedSpan[] {
    return [this, ...this.children.flatMap((child) => child.all())];
  }
}
