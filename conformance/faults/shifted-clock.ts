/**
 * Loaded into a child with `--import`: its clock is wrong by as many milliseconds as HOLDFAST_TEST_SHIFT says. Only what reads
 * `Date` sees it; the file system and monotonic time go on as they are, as on a host whose clock alone is wrong.
 */
const shift = Number(process.env['HOLDFAST_TEST_SHIFT']);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...given: ConstructorParameters<typeof Date> | []) {
    if (given.length === 0) super(RealDate.now() + shift);
    else super(...given);
  }

  static override now(): number {
    return RealDate.now() + shift;
  }
} as DateConstructor;
