// SPDX-License-Identifier: MIT
// Whoever lives on the ladder's line.

import type { Line } from "../net/line";
import type { Status } from "../net/status";

export interface Tenant {
  onStatus(status: Status): void;
  /**
   * A line to move to. Until the promise is kept the one before stays open, where there is one; a
   * broken promise says that this line is no good.
   */
  onLine(line: Line): Promise<void>;
  /** That line is gone, with all that was on its way. */
  onLost(line: Line, why: string): void;
}
