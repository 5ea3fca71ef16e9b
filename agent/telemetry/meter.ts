import { metrics } from '@opentelemetry/api';
import { INSTRUMENTS, type Instrument, type InstrumentName } from './instruments.ts';
import type { Attributes } from './trace.ts';

type Record = (value: number, attributes: Attributes) => void;

/** Makes each instrument of the table when it is first used. */
export class Meter {
  readonly #version: string;
  readonly #recorders = new Map<InstrumentName, Record>();

  constructor(version: string) {
    this.#version = version;
  }

  record(name: InstrumentName, value: number, attributes: Attributes): void {
    let record = this.#recorders.get(name);
    if (record === undefined) {
      record = this.#create(name, INSTRUMENTS[name]);
      this.#recorders.set(name, record);
    }
    record(value, attributes);
  }

  #create(name: InstrumentName, { kind, unit, description, buckets }: Instrument): Record {
    const meter = metrics.getMeter('holdfast', this.#version);
    if (kind === 'counter') {
      const counter = meter.createCounter(name, { unit, description });
      return (value, attributes) => counter.add(value, attributes);
    }
    if (kind === 'gauge') {
      const gauge = meter.createGauge(name, { unit, description });
      return (value, attributes) => gauge.record(value, attributes);
    }
    const advice = buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...buckets] } };
    const histogram = meter.createHistogram(name, { unit, description, ...advice });
    return (value, attributes) => histogram.record(value, attributes);
  }
}
