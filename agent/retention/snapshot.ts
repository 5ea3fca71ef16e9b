/** A snapshot, as far as retention looks at it. */
export interface Snapshot {
  /** No other snapshot that is decided on has it: the key of its object, since what people call it is short. */
  readonly id: string;
  /** What it takes the place of older ones in: a writer's snapshots of one job and source. */
  readonly group: string;
  /** Counts up within its group, whatever the clock says. */
  readonly sequence: number;
  /** What it shows the state of. */
  readonly time: Date;
  readonly verdict: 'complete' | 'incomplete';
}
