// SPDX-License-Identifier: MIT
// Packs what was built for npm: `npm run pack -- FOLDER` puts the package into a folder.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { declarations } from "./declarations.mjs";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const target = resolve(process.argv[2] ?? ".");
const { version } = read("package.json");
const stage = mkdtempSync(join(tmpdir(), "wsecho-npm-"));

try {
  for (const name of ["wsecho.js", "wsecho.global.js"]) copyFileSync(join(web, "dist", name), join(stage, name));
  copyFileSync(join(web, "dist", "wsecho.licenses.md"), join(stage, "licenses.md"));
  copyFileSync(join(web, "npm", "README.md"), join(stage, "README.md"));
  copyFileSync(join(web, "..", "LICENSE"), join(stage, "LICENSE"));
  writeFileSync(join(stage, "wsecho.d.ts"), declarations(web));
  const files = ["wsecho.js", "wsecho.global.js", "wsecho.d.ts", "licenses.md"];
  writeFileSync(join(stage, "package.json"), `${JSON.stringify({ ...read("npm/package.json"), version, files }, null, 2)}\n`);
  mkdirSync(target, { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", target], { cwd: stage, stdio: "inherit" });
} finally {
  rmSync(stage, { recursive: true });
}

function read(name) {
  return JSON.parse(readFileSync(join(web, name), "utf8"));
}
