import type { Host, Reader, RestoreRequest } from 'holdfast/plugin';
import type { PostgresOptions } from './options.ts';

/** What a restore is asked, and what it is lent. */
export interface RestoringOptions {
  readonly options: PostgresOptions;
  readonly host: Host;
  readonly request: RestoreRequest;
  readonly from: Reader;
}
