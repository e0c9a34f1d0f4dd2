// SPDX-License-Identifier: MIT
// A text field that sends on Enter and breaks the line on Shift+Enter.

/** Calls `onText` with what was written and empties the field. */
export function onEnter(
  form: HTMLFormElement,
  field: HTMLTextAreaElement,
  onText: (text: string) => void,
): void {
  const take = (): void => {
    const text = field.value;
    field.value = "";
    onText(text);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take();
    field.focus();
  });
  field.addEventListener("keydown", (event) => {
    // While an input method is composing, Enter takes its suggestion.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    take();
  });
}
