// SPDX-License-Identifier: MIT
// Holds the built library to its size, and to declarations that stand for themselves.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { declarations } from "./declarations.mjs";

/** Bytes, gzipped: AutobahnJS is most of it. */
const MOST = 28_000;

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(web, "package.json"), "utf8"));
const faults = [];
for (const name of ["wsecho.js", "wsecho.global.js"]) {
  const text = readFileSync(join(web, "dist", name), "utf8");
  const size = gzipSync(text, { level: 9 }).length;
  console.log(`${name}: ${text.length} bytes, ${size} gzipped`);
  if (size > MOST) faults.push(`${name} has ${size} bytes gzipped, where ${MOST} are the most`);
  if (!text.includes(version)) faults.push(`${name} does not say that it is ${version}`);
}
if (/\bfrom ["']/.test(declarations(web))) faults.push("the declarations lead to other files");
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
