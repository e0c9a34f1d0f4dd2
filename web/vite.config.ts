// SPDX-License-Identifier: MIT
// How the page is built, and how its unit tests run.

import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative, so that the page also works behind a proxy that gives it a folder.
  base: "./",
  build: {
    // The page's policy has no `data:` for styles or scripts; a small file stays a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { include: ["test/**/*.test.ts"] },
});
