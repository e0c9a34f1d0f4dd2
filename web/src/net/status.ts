// SPDX-License-Identifier: MIT
// The states of a connection as its user sees them.

import type { ErrorCode, State, Status as ToldStatus, Transport } from "../api";

export type { ErrorCode, State, Transport };
/** What one can do about it; `none` where nothing here would help, or nothing is wrong. */
export type Remedy = ToldStatus["remedy"];

/** As it is told, but for the clock. */
export interface Status extends Omit<ToldStatus, "retryAt"> {
  /** When it tries again, on the world's clock; null where it is not waiting to. */
  readonly retryAt: number | null;
}
