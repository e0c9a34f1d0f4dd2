// SPDX-License-Identifier: MIT
// Takes files from a button or dropped on a panel, and hands over their bytes, one after another.

import type { Bytes } from "wsecho";
import { part } from "./dom";
import { formatBytes } from "./format";

/** A file is read whole; more than this would only make the tab slow before the server refuses it. */
const MOST = 128 * 1024 * 1024;

export interface FileListener {
  onFile(name: string, bytes: Bytes): void;
  onRefused(why: string): void;
}

export function takeFiles(panel: HTMLElement, listener: FileListener): void {
  const input = part<HTMLInputElement>("[data-file]", panel);
  part("[data-pick]", panel).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    // Or the same file could not be picked twice.
    input.value = "";
    void readAll(files, listener);
  });
  takeDropped(panel, (files) => void readAll(files, listener));
}

function takeDropped(panel: HTMLElement, onFiles: (files: File[]) => void): void {
  const carriesFiles = ({ dataTransfer }: DragEvent): boolean =>
    dataTransfer?.types.includes("Files") ?? false;
  panel.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    panel.classList.add("dropping");
  });
  panel.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && panel.contains(relatedTarget))) panel.classList.remove("dropping");
  });
  panel.addEventListener("drop", (event) => {
    panel.classList.remove("dropping");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
}

async function readAll(files: readonly File[], { onFile, onRefused }: FileListener): Promise<void> {
  for (const file of files) {
    if (file.size > MOST) {
      onRefused(`“${file.name}” has ${formatBytes(file.size)}; this page takes ${formatBytes(MOST)}.`);
      continue;
    }
    try {
      onFile(file.name, new Uint8Array(await file.arrayBuffer()));
    } catch {
      onRefused(`“${file.name}” cannot be read.`);
    }
  }
}
