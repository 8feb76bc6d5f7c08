// The list as comma-separated values (RFC 4180).

const COLUMNS = [
  ["photograph", (entry) => entry.name],
  ["score", (entry) => entry.answer?.score],
  ["anomalous", (entry) => entry.answer?.anomalous],
  ["finding", (entry) => entry.answer?.finding],
  ["threshold", (entry) => entry.answer?.threshold],
  ["percentile", (entry) => entry.answer?.percentile],
  ["camera", (entry) => entry.answer?.camera.name],
  ["p_value", (entry) => entry.answer?.camera.p_value],
  ["regions", (entry) => entry.answer?.regions_total],
  ["quality", (entry) => entry.answer?.quality.map((note) => note.code).join(" ")],
  ["width", (entry) => entry.answer?.photograph.width],
  ["height", (entry) => entry.answer?.photograph.height],
  ["laterality", (entry) => entry.answer?.acquisition?.laterality],
  ["acquired_at", (entry) => entry.answer?.acquisition?.acquired_at],
  ["model", (entry) => entry.answer?.model.name],
  ["version", (entry) => entry.answer?.model.version],
  ["problem", (entry) => entry.problem],
];

export function toCsv(entries) {
  const lines = [COLUMNS.map(([name]) => name), ...entries.map((entry) => COLUMNS.map(([, value]) => value(entry)))];
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

function cell(value) {
  let text = value === undefined || value === null ? "" : String(value);
  // A file name that a spreadsheet would take for a formula.
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
