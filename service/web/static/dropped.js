// The files of a drop; a dropped folder brings all in it.

import { Refusal } from "./ask.js";
import { words } from "./words.js";

// Each file with its path from the folder that was dropped. To be called while the drop is handled: a browser
// forgets what was dropped at once.
export async function filesOf(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const found = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  return (await Promise.all(found.map(walk))).flat();
}

// A file by its path; `open` gives its content.
export function fileAt(name, file) {
  return { name, open: () => Promise.resolve(file) };
}

// Not what systems leave in folders, nor the index of a DICOM medium.
export function isPhotograph(name) {
  return !/^\.[^.]/.test(name) && name !== "__MACOSX" && name !== "DICOMDIR";
}

async function walk(entry) {
  if (entry instanceof File) return [fileAt(entry.name, entry)];
  const path = entry.fullPath.slice(1);
  try {
    if (!entry.isDirectory) return [fileAt(path, await new Promise((resolve, reject) => entry.file(resolve, reject)))];
    const inside = (await children(entry)).filter(({ name }) => isPhotograph(name));
    return (await Promise.all(inside.map(walk))).flat();
  } catch {
    // What cannot be read is a file that cannot be opened.
    return [{ name: path, open: () => Promise.reject(new Refusal(words("problem.file"), 0)) }];
  }
}

async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  // A reader gives some hundred at a time.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
