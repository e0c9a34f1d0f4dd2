// SPDX-License-Identifier: MIT
// Puts text where the reader can paste it from.

/** Tells whether it is there: a browser may have been told not to let pages do that. */
export async function copyText(text: string, shown: HTMLElement): Promise<boolean> {
  try {
    // There on https and localhost only.
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(shown);
  }
}

/** Where it cannot be copied either, it is selected at least. */
function copySelected(shown: HTMLElement): boolean {
  getSelection()?.selectAllChildren(shown);
  return document.execCommand("copy");
}
