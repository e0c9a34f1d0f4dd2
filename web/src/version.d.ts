// SPDX-License-Identifier: MIT
// What the build puts in.

/** Which release of wsecho this belongs to. */
declare const __VERSION__: string;
