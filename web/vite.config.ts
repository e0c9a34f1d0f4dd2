// SPDX-License-Identifier: MIT
// How the page is built, and how its unit tests run.

import { defineConfig } from "vitest/config";

/**
 * What AutobahnJS loads and this page never uses: binary serializers and cryptography, which would
 * be most of the page and want Node's modules, and polyfills for browsers that have no modules.
 */
const UNUSED = /^(cbor|crypto-js|fs|msgpack5|tweetnacl|when|when\/monitor\/console|\.\/polyfill\.js)$/;

export default defineConfig({
  // Relative, so that the page also works behind a proxy that gives it a folder.
  base: "./",
  define: { global: "globalThis" },
  resolve: { alias: [{ find: UNUSED, replacement: "/src/wamp/absent.cjs" }] },
  build: {
    // The page's policy has no `data:` for styles or scripts; a small file stays a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What is bundled keeps its authors' notices.
    license: { fileName: "licenses.md" },
  },
  // Bundled there too, so that the tests run what the page runs.
  test: { include: ["test/**/*.test.ts"], server: { deps: { inline: ["autobahn"] } } },
});
