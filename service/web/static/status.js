// How far the list is, in words and as a bar.

import { counted, words } from "./words.js";

const part = (id) => document.getElementById(id);

// `name` is of the words to say, `seconds` those until a busy service is asked again.
export function sayProgress(entries, name = "status.asking", seconds = 0) {
  const ended = entries.filter(({ state }) => state === "answered" || state === "failed");
  const shares = entries.filter(({ state }) => state === "asking").reduce((sum, { share }) => sum + share, 0);
  part("progress").hidden = false;
  part("progress").value = (ended.length + shares) / Math.max(entries.length, 1);
  say(words(name, { done: ended.length, total: entries.length, seconds }));
}

export function sayDone(entries) {
  part("progress").hidden = true;
  const failed = entries.filter(({ state }) => state === "failed").length;
  part("again").hidden = failed === 0;
  if (entries.length === 0) return say("");
  const parts = [counted("answered", entries.filter(({ state }) => state === "answered").length)];
  if (failed > 0) parts.push(counted("failed", failed));
  say(words("sentence", { parts: parts.join(", ") }));
}

export function say(text) {
  // Said again, the same would be read aloud again.
  if (part("status").textContent !== text) part("status").textContent = text;
}
