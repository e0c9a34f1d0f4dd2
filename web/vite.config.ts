// SPDX-License-Identifier: MIT
// How the page is built and, in mode `library`, the library; and how their unit tests run.

import type { BuildOptions } from "vite";
import { defineConfig } from "vitest/config";
import page from "./package.json" with { type: "json" };

/**
 * What AutobahnJS loads and is never used here: binary serializers and cryptography, which would be
 * most of it and want Node's modules, polyfills for browsers that have no modules, its own
 * transports and serializers, which ours replace, and ways to sign that are not offered.
 */
const UNUSED = new RegExp(
  "^(?:cbor|crypto-js|fs|msgpack5|tweetnacl|when|when/monitor/console|\\.\\./package\\.json|" +
    "\\./(?:polyfill|serializer|auth/\\w+|transport/\\w+)\\.js)$",
);

const LIBRARY: BuildOptions = {
  // Beside the page, which was built before.
  emptyOutDir: false,
  copyPublicDir: false,
  rolldownOptions: {
    input: "src/wsecho.ts",
    preserveEntrySignatures: "strict",
    output: [
      { format: "es", entryFileNames: "wsecho.js" },
      { format: "iife", name: "wsecho", entryFileNames: "wsecho.global.js" },
    ],
  },
};

export default defineConfig(({ mode }) => ({
  // Relative, so that the page also works behind a proxy that gives it a folder.
  base: "./",
  define: { global: "globalThis", __VERSION__: JSON.stringify(page.version) },
  resolve: {
    alias: [
      { find: UNUSED, replacement: "/src/wamp/absent.cjs" },
      // The page has the library as anybody else has.
      { find: /^wsecho$/, replacement: "/src/wsecho.ts" },
    ],
  },
  build: {
    target: "es2023",
    // The page's policy has no `data:` for styles or scripts; a small file stays a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What is bundled keeps its authors' notices.
    license: { fileName: mode === "library" ? "wsecho.licenses.md" : "licenses.md" },
    ...(mode === "library" ? LIBRARY : {}),
  },
  // Bundled there too, so that the tests run what the page runs.
  test: { include: ["test/**/*.test.ts"], server: { deps: { inline: ["autobahn"] } } },
}));
