// The list as comma-separated values (RFC 4180).

import { findingOf } from "./finding.js";

const COLUMNS = [
  ["photograph", (entry) => entry.name],
  ["score", (entry) => entry.answer?.score],
  ["finding", ({ answer }, moved) => answer && findingOf(answer, moved)],
  ["threshold", ({ answer }, moved) => answer && (moved ?? answer.threshold)],
  ["calibrated_threshold", (entry) => entry.answer?.threshold],
  ["percentile", (entry) => entry.answer?.percentile],
  ["camera", (entry) => entry.answer?.camera.name],
  ["normals", (entry) => entry.answer?.camera.normals],
  ["p_value", (entry) => entry.answer?.camera.p_value],
  ["regions", (entry) => entry.answer?.regions_total],
  ["places", (entry) => entry.answer && placesOf(entry.answer).join("; ")],
  ["quality", (entry) => entry.answer?.quality.map((note) => note.code).join(" ")],
  ["width", (entry) => entry.answer?.photograph.width],
  ["height", (entry) => entry.answer?.photograph.height],
  ["laterality", (entry) => entry.answer?.acquisition?.laterality],
  ["acquired_at", (entry) => entry.answer?.acquisition?.acquired_at],
  ["model", (entry) => entry.answer?.model.name],
  ["version", (entry) => entry.answer?.model.version],
  ["overlay", (entry, _, overlays) => overlays.get(entry)],
  ["problem", (entry) => entry.problem],
];

// `moved` is the page's own threshold, or null; `overlays` are the names of the entries' pictures.
export function toCsv(entries, moved, overlays) {
  const rows = entries.map((entry) => COLUMNS.map(([, value]) => value(entry, moved, overlays)));
  const lines = [COLUMNS.map(([name]) => name), ...rows];
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

// In the words of the service, whatever the page's language: for programs.
function placesOf({ regions }) {
  const places = regions.map(({ place }) => place).filter(Boolean);
  return places.map(({ quadrant, disc_diameters: distance }) => `${quadrant} ${distance.toFixed(2)}`);
}

function cell(value) {
  let text = value === undefined || value === null ? "" : String(value);
  // A file name that a spreadsheet would take for a formula.
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
