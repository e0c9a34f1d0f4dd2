// SPDX-License-Identifier: MIT
// The library's declarations, as the compiler writes them, in one file.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What two of its files declare and nothing else: the rest is nobody's business. */
const PARTS = ["api.d.ts", "wsecho.d.ts"];

/** Returns them; `web` is the folder of the sources. */
export function declarations(web) {
  const folder = mkdtempSync(join(tmpdir(), "wsecho-declarations-"));
  try {
    const compiler = join(web, "node_modules", "typescript", "bin", "tsc");
    const options = ["--project", web, "--noEmit", "false", "--declaration", "--emitDeclarationOnly"];
    execFileSync(process.execPath, [compiler, ...options, "--rootDir", web, "--outDir", folder], { stdio: "inherit" });
    return PARTS.map((name) => read(join(folder, "src", name))).join("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** They are one file now. */
function read(path) {
  return readFileSync(path, "utf8").replaceAll(/^(?:import|export) .* from ["']\.\/api["'];\n/gm, "");
}
