// The files of a drop; a dropped folder brings all in it.

// Each file with its path from the folder that was dropped. To be called while the drop is handled: a browser
// forgets what was dropped at once.
export async function filesOf(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const found = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  return (await Promise.all(found.map(walk))).flat();
}

async function walk(entry) {
  if (entry instanceof File) return [{ name: entry.name, file: entry }];
  if (entry.isDirectory) return (await Promise.all((await children(entry)).filter(isVisible).map(walk))).flat();
  const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
  return [{ name: entry.fullPath.slice(1), file }];
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

// What systems leave in folders: .DS_Store and the like.
function isVisible({ name }) {
  return !name.startsWith(".");
}
