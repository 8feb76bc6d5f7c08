// Results to keep: the list as CSV, alone or in a ZIP archive with the overlays.

import { pack } from "./archive.js";
import { toCsv } from "./csv.js";

// Of an overlay's longest side: what a screen shows.
const SIDE = 2048;
const QUALITY = 0.92;
const FORBIDDEN = /[\p{Cc}\p{Cf}<>:"\\|?*]/gu;
// Of devices, which Windows opens in place of files.
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

// `moved` is the page's own threshold, or null; `overlays` are the names of pictures beside the file.
export function csvFile(entries, moved, overlays = new Map()) {
  return new Blob([toCsv(entries, moved, overlays)], { type: "text/csv" });
}

// `onOverlay` is called with how many overlays are drawn.
export function zipFile(entries, moved, onOverlay) {
  const answered = entries.filter(({ answer }) => answer);
  const names = overlayNames(answered);
  async function* files() {
    yield { name: "results.csv", content: csvFile(entries, moved, names) };
    for (const [index, entry] of answered.entries()) {
      onOverlay(index);
      yield { name: names.get(entry), content: await overlay(entry) };
    }
  }
  return pack(files());
}

export function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

// A name for each overlay that no system takes for a path elsewhere, and no two of which are the same.
function overlayNames(entries) {
  const taken = new Set();
  const names = new Map();
  for (const entry of entries) {
    const plain = `overlays/${safe(entry.name)}`;
    let name = `${plain}.jpg`;
    for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${plain} ${count}.jpg`;
    taken.add(name.toLowerCase());
    names.set(entry, name);
  }
  return names;
}

function safe(path) {
  const parts = path.split("/").map((part) => part.replace(FORBIDDEN, "_").replace(/^[ .]+|[ .]+$/g, ""));
  const kept = parts.filter((part) => part).map((part) => part.replace(RESERVED, "_$1"));
  return kept.join("/") || "photograph";
}

async function overlay({ photograph, layer, answer }) {
  const { width, height } = answer.photograph;
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  for (const url of [photograph, layer]) {
    const image = new Image();
    image.src = url;
    await image.decode();
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}
